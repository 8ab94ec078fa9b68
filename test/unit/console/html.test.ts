import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { html } from '../../../src/console/html.ts';
import { parsePage } from '../../support/parse-page.ts';

describe('html', () => {
  it('lets no text become anything else, in an element or in an attribute', () => {
    const markup = fc.stringMatching(/^[<>"'&a-z/= !-]{0,40}$/);
    fc.assert(
      fc.property(fc.oneof(markup, fc.string()), (text) => {
        const written = html`<p title="${text}">${text}</p>`.toString();
        const [between] = /(?<=^<p title=").*(?=<\/p>$)/su.exec(written) ?? [''];
        expect(between.replace(/^[^"]*">/u, '')).not.toMatch(/[<>"]/u);
        expect(between.split('"')).toHaveLength(2);
      }),
    );
  });

  it('keeps the pieces that it made, also in lists', () => {
    const items = ['a<b', 'c'].map((text) => html`<li>${text}</li>`);
    expect(html`${items}`.toString()).toBe('<li>a&lt;b</li><li>c</li>');
  });

  it('writes nothing for what is not there, and a number as it is', () => {
    expect(html`<p>${null}${undefined}${false}${0}</p>`.toString()).toBe('<p>0</p>');
  });

  it('takes no object, which could pose as a piece', () => {
    const posing = { isEscaped: true, toString: () => '<script></script>' };
    expect(() => html`<p>${posing as never}</p>`).toThrow(TypeError);
    expect(() => html`<p>${[[posing]] as never}</p>`).toThrow(TypeError);
  });

  it('is read by a parser as the text that went in', () => {
    const text = `</p><script>alert("1")</script>&amp; 'x'`;
    const document = parsePage(html`<p id="it" title="${text}">${text}</p>`.toString());
    expect(document.querySelector('#it')?.textContent).toBe(text);
    expect(document.querySelector('#it')?.getAttribute('title')).toBe(text);
  });
});
