import type { ImageIndex, ImageManifest } from '../oci/manifest.ts';
import { OCI_EMPTY } from '../oci/media-types.ts';

/** ECR Public is recorded to take it, with a subject: aws-observability/aws-otel-python-instrumentation#837. */
const NOTATION = 'application/vnd.cncf.notary.signature';

/** Once in awsdocs/amazon-ecr-user-guide, doc_source/service_limits.md. It is also what Docker's overlay2 driver can mount. */
const LISTED_LAYERS = 127;

/**
 * Finds what ECR is recorded to refuse in a manifest. The records are of private ECR, which has the same checks elsewhere; that of subjects is
 * contradicted (sigstore/sigstore-js#1058). So it is for a warning, in words that follow `may refuse DIGEST: `.
 */
export function findDoubt(manifest: ImageIndex | ImageManifest): string | undefined {
  const { artifactType, subject } = manifest;
  const blobs = manifest.kind === 'image' ? [manifest.config, ...manifest.layers] : [];
  // Sources: werf/werf#2544, aws/containers-roadmap#876.
  if (blobs.length === 1) return 'it has no layers';
  const layers = blobs.length - 1;
  if (layers > LISTED_LAYERS) {
    return `it has ${layers} layers; private ECR once listed ${LISTED_LAYERS} as the most, and was found to take 500 (nuonco/nuon#2348)`;
  }
  if (blobs[0]?.mediaType === OCI_EMPTY && artifactType === undefined) {
    return 'an artifact with an empty config must have an artifactType (OCI image specification)';
  }
  if ([artifactType, ...blobs.map(({ mediaType }) => mediaType)].some((type) => type?.includes(';'))) {
    return 'private ECR refuses media types with a semicolon (aws/containers-roadmap#2306)';
  }
  if (blobs[0]?.annotations !== undefined) {
    return 'private ECR refuses annotations of a config (goharbor/acceleration-service#353)';
  }
  // Further sources: moby/buildkit#5747 and #6171.
  return artifactType !== undefined && artifactType !== NOTATION && subject !== undefined
    ? 'private ECR has refused artifacts with a subject (aws/containers-roadmap#2783)'
    : undefined;
}
