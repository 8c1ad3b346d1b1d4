/**
 * Matches a text against a pattern with the wildcards `*` (any run of characters) and `?` (any character). Uses no regular expression, because a pattern
 * of many stars could keep one busy for hours.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let [at, star, resume] = [0, -1, 0];
  for (let read = 0; read < text.length; ) {
    if (pattern[at] === '*') {
      star = at;
      resume = read;
      at += 1;
    } else if (pattern[at] === '?' || pattern[at] === text[read]) {
      at += 1;
      read += 1;
    } else if (star >= 0) {
      // Backtrack: the last star takes one more character.
      resume += 1;
      read = resume;
      at = star + 1;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}
