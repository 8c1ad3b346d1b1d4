import type { ImageIndex, ImageManifest } from './manifest.ts';
import { formatPlatform } from './platform.ts';

/** The kind of an artifact by the media types that tools write. The first match counts. */
const ARTIFACT_KINDS: readonly (readonly [kind: string, type: RegExp])[] = [
  ['Helm chart', /vnd\.cncf\.helm\./],
  ['BuildKit cache', /vnd\.buildkit\.cacheconfig/],
  ['SBOM', /spdx|cyclonedx|syft|sbom/i],
  ['attestation', /in-toto|attestation|provenance|dsse/i],
  ['signature', /signature|simplesigning|cosign|sigstore|notary/i],
];

/** Describes a manifest for a person: `image`, `index (linux/amd64, linux/arm64)`, `signature`. */
export function describeManifest(manifest: ImageManifest | ImageIndex): string {
  if (manifest.kind === 'index') {
    const platforms = manifest.manifests.flatMap(({ platform }) =>
      platform === undefined || platform.os === 'unknown' ? [] : formatPlatform(platform),
    );
    return platforms.length === 0 ? 'index' : `index (${[...new Set(platforms)].join(', ')})`;
  }
  const types = [
    manifest.artifactType,
    manifest.config.mediaType,
    ...manifest.layers.map(({ mediaType }) => mediaType),
  ];
  const known = describeArtifact(types);
  if (known !== undefined) return known;
  const isImage = /^application\/vnd\.(oci\.image|docker\.container\.image)\./.test(
    manifest.config.mediaType,
  );
  return isImage && manifest.artifactType === undefined && manifest.subject === undefined
    ? 'image'
    : 'artifact';
}

/** Describes an artifact by its media types. Undefined if none of them is known. */
export function describeArtifact(types: readonly (string | undefined)[]): string | undefined {
  return ARTIFACT_KINDS.find(([, type]) => types.some((each) => each !== undefined && type.test(each)))?.[0];
}
