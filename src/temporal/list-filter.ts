import { keyword, searchAttributes } from '../model/search-attributes.ts';

/** A string literal of Temporal's list filters. */
export function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** Runs that are about events of a type: `customer.updated`, or `customer.*` for all that begin so. */
export function typeFilter(type: string): string {
  const { name } = searchAttributes.eventType;
  return type.endsWith('*')
    ? `${name} STARTS_WITH ${quote(keyword(type.slice(0, -1)))}`
    : `${name} = ${quote(keyword(type))}`;
}
