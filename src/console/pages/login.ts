import { type Html, html } from '../html.ts';
import { layout } from '../layout.ts';
import { pathTo } from '../paths.ts';
import { notice } from '../pieces.ts';

/**
 * Asks for the token.
 *
 * @param options.next - where to go on
 * @param options.refused - whether another one was shown before
 */
export function loginPage({ next, refused }: { next: string; refused: boolean }): Html {
  return layout({
    title: 'Log in',
    operator: null,
    main: html`<form class="card stacked" method="post" action="${pathTo('/login')}">
      ${refused ? notice('bad', 'That is another token.') : null}
      <input type="hidden" name="next" value="${next}" />
      <label
        >Token <small>LANDFALL_CONSOLE_TOKEN of this process</small>
        <input type="password" name="token" class="long" required autocomplete="current-password" autofocus />
      </label>
      <button>Log in</button>
    </form>`,
  });
}
