# syntax=docker/dockerfile:1
# One image: `receiver` and `worker` are commands of it.
ARG NODE_IMAGE=node:22.21.1-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci
COPY . .
RUN npm run build && npm run --silent sbom > sbom.cdx.json && npm prune --omit=dev

FROM ${NODE_IMAGE}
# The Temporal SDK trusts the system's certificates, which the slim image leaves out: TLS to Temporal Cloud needs them.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json /app/sbom.cdx.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# The image's own user `node`, by number: Kubernetes can tell then that it is not root.
USER 1000:1000
EXPOSE 3000 3001
CMD ["node", "dist/src/cli/main.js", "receiver"]
