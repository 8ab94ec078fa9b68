import { ConfigurationError } from '../../errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../model/json.ts';
import { readVersionNumber } from '../../model/version.ts';
import { announcedTime } from '../../sources/announced-time.ts';
import { readPointer } from '../../sources/json-pointer.ts';
import { pointer } from './code.ts';
import type { SourcePlan } from './plan.ts';

/** An event of the vendor as the plan describes it, with made-up values. */
export function createSampleBody(plan: SourcePlan): JsonObject {
  const { id, type, entity, versionPath, timePath } = plan;
  const body: JsonObject = {};
  if ('path' in id) put(body, id.path, 'evt_1');
  if ('path' in type) put(body, type.path, `${entity.type}.updated`);
  put(body, entity.idPath, `${entity.type}_1`);
  if (versionPath !== null) put(body, versionPath, 3);
  if (timePath !== null) put(body, timePath, '2026-01-15T12:00:00Z');
  return body;
}

/**
 * A real event of the vendor, where the plan's places lead somewhere in it.
 * @throws ConfigurationError that names those that do not
 */
export function checkSampleBody(plan: SourcePlan, body: JsonValue): JsonValue {
  const { id, type, entity, versionPath, timePath } = plan;
  const paths = {
    '--id-field': 'path' in id ? id.path : null,
    '--type-field': 'path' in type ? type.path : null,
    '--entity-id-field': entity.idPath,
    '--version-field': versionPath,
    '--time-field': timePath,
  };
  const problems = Object.entries(paths).flatMap(([option, path]) => {
    if (path === null) return [];
    const value = readPointer(body, pointer(path));
    const where = `at ${pointer(path)}`;
    const fits = (typeof value === 'string' && value !== '') || Number.isSafeInteger(value);
    if (!fits) return [`${option}: the sample holds no text and no whole number ${where}`];
    if (path === versionPath && readVersionNumber(value) === null) {
      return [`${option}: the sample holds no whole number ${where}, and versions are compared as numbers`];
    }
    if (path === timePath && announcedTime(value) === null) {
      return [`${option}: the sample holds no time ${where}, as ISO 8601 or Unix time`];
    }
    return [];
  });
  if (problems.length === 0) return body;
  throw new ConfigurationError(`The sample does not fit:\n- ${problems.join('\n- ')}`);
}

function put(body: JsonObject, path: readonly string[], value: JsonValue): void {
  const [part = '', ...rest] = path;
  if (rest.length === 0) {
    body[part] = value;
    return;
  }
  const below = body[part];
  const child = isJsonObject(below) ? below : {};
  body[part] = child;
  put(child, rest, value);
}
