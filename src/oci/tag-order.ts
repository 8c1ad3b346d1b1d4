/** Tags that point at something new with every release, by custom. */
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
 * Puts the tags in the order to push them, each once: those that stay (1.2.3) first, then the shorter versions that
 * follow them (1.2, then 1), then the moving names, `latest` as the very last. Whoever pulls a moving tag thus finds the
 * exact one there already. Otherwise the order given is kept.
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

/** Whether `tag` is a version that another tag spells out further: `1.2` beside `1.2.3`, `v1-slim` beside `v1.0-slim`. */
function isVersionPrefix(tag: string, others: readonly string[]): boolean {
  const [, version, suffix = ''] = /^(v?\d+(?:\.\d+)*)(-.+)?$/.exec(tag) ?? [];
  if (version === undefined) return false;
  return others.some((other) => other.startsWith(`${version}.`) && other.endsWith(suffix));
}
