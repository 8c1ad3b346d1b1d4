import type { BuiltManifest } from './build-manifest.ts';
import { finishIndex, formatEntry, type IndexEntry, isOfDocker } from './index-document.ts';
import { DOCKER_MANIFEST_LIST, OCI_INDEX } from './media-types.ts';

/** Docker's writer indents by three spaces. */
const DOCKER_INDENT = 3;

/**
 * Builds an index of these entries: Docker's manifest list if all of them are images of docker and there are no annotations, else an OCI
 * index. The bytes depend on the arguments alone. Those of a manifest list are what `docker manifest push` writes.
 */
export function buildIndex(
  entries: readonly IndexEntry[],
  annotations: Readonly<Record<string, string>> = {},
): BuiltManifest {
  const hasAnnotations = Object.keys(annotations).length > 0;
  const isDocker = !hasAnnotations && entries.every(isOfDocker);
  const format = isDocker ? 'docker' : 'oci';
  const mediaType = isDocker ? DOCKER_MANIFEST_LIST : OCI_INDEX;
  const document = {
    schemaVersion: 2,
    mediaType,
    manifests: entries.map((entry) => formatEntry(entry, format)),
    ...(hasAnnotations && { annotations }),
  };
  return finishIndex(JSON.stringify(document, undefined, isDocker ? DOCKER_INDENT : undefined), mediaType);
}
