import { isObject } from '../json.ts';
import type { Policy } from './read-policy.ts';

/** The service's way of writing: two spaces of indentation, ` : ` after a name, lists that open on the line they are on. */
export function formatPolicy(policy: Policy): string {
  return formatJson(policy, '');
}

function formatJson(value: unknown, indent: string): string {
  if (Array.isArray(value)) {
    return value.length === 0 ? '[ ]' : `[ ${value.map((item) => formatJson(item, indent)).join(', ')} ]`;
  }
  if (!isObject(value)) return JSON.stringify(value);
  const inner = `${indent}  `;
  const members = Object.entries(value).map(
    ([name, member]) => `${inner}${JSON.stringify(name)} : ${formatJson(member, inner)}`,
  );
  return members.length === 0 ? '{ }' : `{\n${members.join(',\n')}\n${indent}}`;
}
