import { fileURLToPath } from 'node:url';

/** Path of an image written by a real tool; `fixtures/archives/README.md` says by which. */
export function locateArchive(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/archives/${name}`, import.meta.url));
}

/** Path of an input that was found in the wild; `fixtures/found/README.md` says what is right for each. */
export function locateFound(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/found/${name}`, import.meta.url));
}
