import { EcrpError } from '../errors.ts';
import { quoteText } from '../foreign-text.ts';

/** OCI distribution specification, "Pulling manifests". */
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** Whether the text is an image tag of the OCI distribution specification. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** Throws USAGE unless the text is an image tag. */
export function assertTag(text: string): void {
  if (isTag(text)) return;
  throw new EcrpError('USAGE', `${quoteText(text)} is not an image tag`, {
    hint: isTag(text.replaceAll('+', '_'))
      ? `Write it with _ in place of +, as Helm does: ${text.replaceAll('+', '_')}`
      : 'Use 1 to 128 letters, digits, dots, dashes and underscores, the first not a dot or a dash.',
  });
}

/** Tags that move to every new release, by custom. */
const MOVING = new Set([
  'stable',
  'lts',
  'mainline',
  'current',
  'main',
  'master',
  'develop',
  'dev',
  'next',
  'edge',
  'nightly',
  'canary',
]);

/**
 * Sorts tags into the order to push them, each once: exact versions (1.2.3), then shorter ones (1.2, then 1), then moving names, then
 * `latest`. So a moving tag never points at an image whose exact tag is missing. The sort is stable.
 */
export function orderTags(tags: readonly string[]): string[] {
  const distinct = [...new Set(tags)];
  const rank = (tag: string): number => {
    if (tag === 'latest') return 3;
    if (MOVING.has(tag)) return 2;
    return isVersionPrefix(tag, distinct) ? 1 : 0;
  };
  const ranked = distinct.map((tag) => ({ tag, rank: rank(tag) }));
  ranked.sort((a, b) => a.rank - b.rank || (a.rank === 1 ? b.tag.length - a.tag.length : 0));
  return ranked.map(({ tag }) => tag);
}

/** True if another tag is a longer version: `1.2` beside `1.2.3`, `v1-slim` beside `v1.0-slim`. */
function isVersionPrefix(tag: string, others: readonly string[]): boolean {
  const [, version, suffix = ''] = /^(v?\d+(?:\.\d+)*)(-.+)?$/.exec(tag) ?? [];
  if (version === undefined) return false;
  return others.some((other) => other.startsWith(`${version}.`) && other.endsWith(suffix));
}
