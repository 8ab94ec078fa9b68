import { type RequestHandler, Router } from 'express';
import { z } from 'zod';
import type { Logger } from 'pino';
import { fieldsOf, requireSameOrigin } from '../cross-site.ts';
import { sendHtml } from '../page.ts';
import { loginPage } from '../pages/login.ts';
import { paths } from '../paths.ts';
import { consolePath, type Sessions } from '../sessions.ts';

/** A path of this console, and of no other site: browsers take `//` and `/\` for the beginning of a host's name. */
const nextSchema = z
  .string()
  .max(4_000)
  .regex(new RegExp(`^${consolePath}(?![^/?])[^\\\\]*$`))
  .catch(paths.sources);
const formSchema = z.object({ token: z.string().max(1_000), next: nextSchema });

/** The page that asks for the token, and what is shown there. */
export function createLogin(sessions: Sessions, logger: Logger): Router {
  const router = Router();
  router.get('/login', (request, response) => {
    const next = nextSchema.parse(request.query['next']);
    sendHtml(response, loginPage({ next, refused: false }));
  });
  router.post('/login', (request, response) => {
    requireSameOrigin(request);
    const { token, next } = formSchema.parse(fieldsOf(request));
    if (!sessions.isToken(token)) {
      logger.warn({ from: request.socket.remoteAddress }, 'somebody showed another token to the console');
      response.status(401);
      sendHtml(response, loginPage({ next, refused: true }));
      return;
    }
    sessions.begin(request, response);
    response.redirect(303, next);
  });
  return router;
}

/** Ends the session of whoever asks. */
export function logOut(sessions: Sessions): RequestHandler {
  return (request, response) => {
    sessions.end(request, response);
    response.redirect(303, paths.sources);
  };
}
