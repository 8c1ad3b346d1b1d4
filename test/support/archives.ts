import { fileURLToPath } from 'node:url';

/** Path of an image that a real tool wrote. `fixtures/archives/README.md` names the tool. */
export function locateArchive(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/archives/${name}`, import.meta.url));
}

/** Path of an input found in the wild. `fixtures/found/README.md` says what is right for each. */
export function locateFound(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/found/${name}`, import.meta.url));
}
