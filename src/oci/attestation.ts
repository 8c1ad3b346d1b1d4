import type { Descriptor } from './descriptor.ts';

// Attestations in an index. Source: BuildKit, docs/attestations/attestation-storage.md.

/** Whether an entry of an index is an attestation manifest. */
export function isAttestation({ annotations }: Descriptor): boolean {
  return annotations?.['vnd.docker.reference.type'] === 'attestation-manifest';
}

/** The digest of the image that an attestation is about. */
export function findAttested({ annotations }: Descriptor): string | undefined {
  return annotations?.['vnd.docker.reference.digest'];
}
