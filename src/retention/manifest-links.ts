import { parseManifest } from '../oci/manifest.ts';
import type { ManifestLinks } from './links.ts';

/** The links of a manifest that is gone meanwhile. */
export const NO_LINKS: ManifestLinks = { children: [], subject: undefined };

/** Finds what a manifest says about other images. Throws INVALID_INPUT for a malformed one. `name`: its repository, for messages. */
export function findLinks(
  { bytes, mediaType }: { readonly bytes: Buffer; readonly mediaType: string },
  name: string,
): ManifestLinks {
  const manifest = parseManifest(bytes, mediaType, name);
  const children = manifest.kind === 'index' ? manifest.manifests.map((child) => child.digest) : [];
  return { children, subject: manifest.subject?.digest };
}
