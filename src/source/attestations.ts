import type { Descriptor } from '../oci/descriptor.ts';

/** Whether an entry of an index is an attestation manifest. Source: BuildKit, docs/attestations/attestation-storage.md. */
export function isAttestation({ annotations }: Descriptor): boolean {
  return annotations?.['vnd.docker.reference.type'] === 'attestation-manifest';
}

/** The digest of the image that an attestation is about. */
export function findAttested({ annotations }: Descriptor): string | undefined {
  return annotations?.['vnd.docker.reference.digest'];
}
