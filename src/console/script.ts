/**
 * The only script: what changes by itself is read anew while somebody looks. Every page works without it. It waits while something in
 * there has the focus, so that nobody's key press goes astray.
 */
export const script = `
const every = 3000;
async function refresh() {
  const live = document.querySelector('[data-live="on"]');
  if (live === null) return;
  if (!document.hidden && !live.contains(document.activeElement)) {
    try {
      const response = await fetch(location.href, { headers: { accept: 'text/html' } });
      const page = new DOMParser().parseFromString(await response.text(), 'text/html');
      const next = page.querySelector('[data-live]');
      if (response.ok && next !== null) live.replaceWith(next);
    } catch {
      // Read again in three seconds.
    }
  }
  setTimeout(refresh, every);
}
setTimeout(refresh, every);
`;
