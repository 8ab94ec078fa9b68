import type { RecordComparison } from '../../inspection/compare-records.ts';
import type { JsonDifference } from '../../inspection/compare-json.ts';
import type { VendorRecord } from '../../inspection/vendor-record.ts';
import type { StoredRecord } from '../../store/store.ts';
import { type Content, type Html, html } from '../html.ts';
import { badge, counted, json, link, notice, table } from '../pieces.ts';
import { describeVersion } from '../story-pieces.ts';

/**
 * A record here and at its vendor, side by side.
 *
 * @param asking - the path of the same page that asks the vendor; null where there is none
 */
export function compareRecords({ here, vendor, differences }: RecordComparison, asking: string | null): Html {
  return html`<section id="record">
    <h2>The record here and at the vendor</h2>
    ${vendor === null && asking !== null ? html`<p>${link(asking, 'Ask the vendor now, and compare')}</p>` : null}
    ${differences === null ? null : showDifferences(differences)}
    <div class="two">
      <div>
        <h3>Here</h3>
        ${showHere(here)}
      </div>
      ${
        vendor === null
          ? null
          : html`<div>
              <h3>At the vendor, just now</h3>
              ${showVendor(vendor)}
            </div>`
      }
    </div>
  </section>`;
}

function showHere(record: StoredRecord | null): Content {
  if (record === null) return html`<p class="soft">There is no copy of it.</p>`;
  const { deleted, data, revision } = record;
  return html`<p>
      ${describeVersion(record)} <span class="soft">· revision ${revision}</span>
      ${deleted ? badge('warn', 'deleted') : null}
    </p>
    ${deleted ? null : json('The record here', data)}`;
}

function showVendor(vendor: VendorRecord): Content {
  switch (vendor.kind) {
    case 'gone':
      return notice('warn', 'The vendor does not have it any more.');
    case 'unknown':
      return notice('warn', vendor.why);
    case 'record':
      return html`<p>
          ${describeVersion(vendor.version)} ${vendor.deleted ? badge('warn', 'deleted') : null}
        </p>
        ${json('The record at the vendor', vendor.data)}`;
  }
}

function showDifferences(differences: readonly JsonDifference[]): Html {
  if (differences.length === 0) return html`<p>${badge('good', 'equal')} No field differs.</p>`;
  return html`<p>${badge('warn', counted(differences.length, 'difference'))}</p>
    ${table(
      'Fields that differ',
      ['Field', 'Here', 'At the vendor'],
      differences.map(({ pointer, here, there }) => [
        html`<code>${pointer === '' ? 'the whole' : pointer}</code>`,
        showValue(here),
        showValue(there),
      ]),
    )}`;
}

function showValue(value: JsonDifference['here']): Content {
  if (value === undefined) return html`<span class="soft">nothing</span>`;
  const text = JSON.stringify(value);
  return html`<code>${text.length > 300 ? `${text.slice(0, 300)}…` : text}</code>`;
}
