import { createHash } from 'node:crypto';
import { Router } from 'express';
import { script } from './script.ts';
import { consolePath } from './sessions.ts';
import { style } from './style.ts';

const assets = {
  style: asset('console.css', 'text/css', style),
  script: asset('console.js', 'text/javascript', script),
};

/** Where the pages find their style and their script: an address that changes with the content, so that it is kept for good. */
export const assetPaths = { style: assets.style.path, script: assets.script.path };

/** Serves the style and the script, to whoever asks: there is nothing in them. */
export function createAssets(): Router {
  const router = Router();
  for (const { name, type, text } of Object.values(assets)) {
    router.get(`/assets/${name}`, (_request, response) => {
      response.set('Cache-Control', 'public, max-age=31536000, immutable').type(type).send(text);
    });
  }
  return router;
}

function asset(name: string, type: string, text: string) {
  const version = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return { name, type, text, path: `${consolePath}/assets/${name}?v=${version}` };
}
