import express, { type NextFunction, type Request, type Response, Router } from 'express';
import helmet from 'helmet';
import type { Access } from './access.ts';
import { actInBulk } from './actions/bulk.ts';
import { decide } from './actions/decide.ts';
import { createLogin, logOut } from './actions/sessions.ts';
import { createAssets } from './assets.ts';
import { refuseCrossSite, requireOwnForm } from './cross-site.ts';
import type { ConsoleDependencies } from './dependencies.ts';
import { createGate, knownOperator } from './gate.ts';
import { html } from './html.ts';
import { layout } from './layout.ts';
import { sendHtml, showPage, type Show, wantsJson } from './page.ts';
import { auditPage } from './pages/audit.ts';
import { bulkActionPage } from './pages/bulk-action.ts';
import { bulkActionsPage } from './pages/bulk-actions.ts';
import { deadLetterPage } from './pages/dead-letter.ts';
import { deadLettersPage } from './pages/dead-letters.ts';
import { entityPage } from './pages/entity.ts';
import { eventPage } from './pages/event.ts';
import { newBulkActionPage } from './pages/new-bulk-action.ts';
import { reconciliationsPage } from './pages/reconciliations.ts';
import { searchPage } from './pages/search.ts';
import { sourcePage } from './pages/source.ts';
import { sourcesPage } from './pages/sources.ts';
import { RefusedError, toProblem } from './problems.ts';
import { consolePath, createSessions } from './sessions.ts';

const maxFormBytes = 65_536;

/** The operators' pages, under `/console`; each also answers as JSON. */
export function createConsole(deps: ConsoleDependencies, access: Access): Router {
  const { logger, redact, now } = deps;
  const sessions = createSessions(access.kind === 'guarded' ? access.token : null, now);
  const router = Router();
  router.use(secureHeaders);
  router.use((_request, response, next) => {
    // What a page shows is nobody else's, and of this moment.
    response.set('Cache-Control', 'no-store');
    next();
  });
  router.use(createAssets());
  router.use(refuseCrossSite, sessions.readCookies);
  router.use(
    express.urlencoded({ extended: false, limit: maxFormBytes }),
    express.json({ limit: maxFormBytes }),
  );
  if (access.kind === 'guarded' && access.token !== null) router.use(createLogin(sessions, logger));
  router.use(createGate(access, sessions));

  page('/', sourcesPage(deps));
  page('/source', sourcePage(deps));
  page('/dead-letters', deadLettersPage(deps));
  page('/dead-letter', deadLetterPage(deps));
  page('/event', eventPage(deps));
  page('/entity', entityPage(deps));
  page('/search', searchPage(deps));
  page('/reconciliations', reconciliationsPage(deps));
  page('/audit', auditPage(deps));
  page('/bulk-actions', bulkActionsPage(deps));
  page('/bulk-action/new', newBulkActionPage(deps));
  page('/bulk-action', bulkActionPage(deps));

  router.post('/dead-letter', requireOwnForm, decide(deps));
  router.post('/bulk-action', requireOwnForm, actInBulk(deps));
  router.post('/logout', requireOwnForm, logOut(sessions));

  router.use(() => {
    throw new RefusedError(
      'LANDFALL_CONSOLE_UNKNOWN',
      'There is nothing at this path, or not by this method.',
    );
  });
  router.use(answerFailure);

  const mounted = Router();
  mounted.use(consolePath, router);
  return mounted;

  function page<Data>(path: string, show: Show<Data>): void {
    router.get(path, showPage(show, redact));
  }

  // Express knows what takes errors by its four parameters.
  function answerFailure(error: unknown, request: Request, response: Response, next: NextFunction): void {
    if (response.headersSent) {
      next(error);
      return;
    }
    const { isDefect, ...found } = toProblem(error);
    if (isDefect) logger.error({ err: error, path: request.path }, 'the console is broken');
    const problem = { ...found, detail: redact(found.detail) };
    response.status(problem.status);
    if (wantsJson(request)) {
      response.type('application/problem+json').send(JSON.stringify({ type: 'about:blank', ...problem }));
      return;
    }
    sendHtml(
      response,
      layout({
        title: problem.title,
        operator: knownOperator(response),
        main: html`<section>
          <p>${problem.detail}</p>
          <p><code>${problem.code}</code></p>
        </section>`,
      }),
    );
  }
}

/** Nothing from elsewhere, nothing inline, in no frame; and no address of a page goes to another site. */
const secureHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ['data:'],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  xFrameOptions: { action: 'deny' },
  // Whether there is TLS in front of this port, and for how long, is for whoever put it there.
  strictTransportSecurity: false,
  referrerPolicy: { policy: 'same-origin' },
});
