/**
 * `*` and `?` stand for characters, as in every IAM policy; letters match whatever their case. Not by a regular expression, which a pattern
 * of many stars could keep busy for hours.
 */
export function matchesAction(pattern: string, action: string): boolean {
  const [wanted, actual] = [pattern.toLowerCase(), action.toLowerCase()];
  let [at, star, resume] = [0, -1, 0];
  for (let read = 0; read < actual.length; ) {
    if (wanted[at] === '*') {
      star = at;
      resume = read;
      at += 1;
    } else if (wanted[at] === '?' || wanted[at] === actual[read]) {
      at += 1;
      read += 1;
    } else if (star >= 0) {
      // The last star takes one character more.
      resume += 1;
      read = resume;
      at = star + 1;
    } else return false;
  }
  return /^\**$/.test(wanted.slice(at));
}
