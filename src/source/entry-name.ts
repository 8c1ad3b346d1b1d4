/**
 * Makes one form of an entry's name: no `.`, no empty component, no slash in front or behind; `..` resolved. Returns
 * undefined when it leads outside the archive.
 */
export function normalizeName(name: string): string | undefined {
  const components: string[] = [];
  for (const component of name.split('/')) {
    if (component === '' || component === '.') continue;
    if (component !== '..') components.push(component);
    else if (components.pop() === undefined) return undefined;
  }
  return components.join('/');
}

/** What a link of `entryName` points at, relative to the entry's own directory. */
export function joinToDirectory(entryName: string, target: string): string | undefined {
  const slash = entryName.lastIndexOf('/');
  return normalizeName(slash === -1 ? target : `${entryName.slice(0, slash)}/${target}`);
}
