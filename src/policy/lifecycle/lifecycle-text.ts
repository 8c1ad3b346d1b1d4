import { isObject, type JsonObject, tryParseJson } from '../../json.ts';

/** Longest lifecycle policy in characters. Source: `LifecyclePolicyText` of the service model of private ECR. */
export const MAX_LIFECYCLE_CHARS = 30_720;

/** A lifecycle policy. Its rules are objects, whose members are as the author wrote them. */
export type ParsedLifecycle = JsonObject & { readonly rules: readonly JsonObject[] };

/** Parses the text of a lifecycle policy. Undefined unless it is a JSON object with a list of rules. */
export function parseLifecycle(text: string): ParsedLifecycle | undefined {
  const value = tryParseJson(text);
  return isParsedLifecycle(value) ? value : undefined;
}

/** True for an object with a list of rules. */
export function isParsedLifecycle(value: unknown): value is ParsedLifecycle {
  return isObject(value) && Array.isArray(value.rules) && value.rules.every(isObject);
}

/** True if a lifecycle policy is not too long. The limit counts code points. */
export function fitsLifecycle(text: string): boolean {
  return text.length <= MAX_LIFECYCLE_CHARS || [...text].length <= MAX_LIFECYCLE_CHARS;
}
