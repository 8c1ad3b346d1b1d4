/** One word of a POSIX shell, quoted where it has to be. */
export function quoteForShell(text: string): string {
  return /^[\w.,:/+=@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
