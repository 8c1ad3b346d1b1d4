import type { Compressor, DigestCache } from '../compress/compressor.ts';
import type { ManifestFormat } from '../oci/build-manifest.ts';

export interface PlanOptions {
  /** For layers that are uncompressed in a docker-archive; undefined sends them as they are. */
  readonly compressor?: Compressor | undefined;
  readonly digestCache?: DigestCache | undefined;
  /** Of the manifest made for a docker-archive. Default docker, as docker push, but OCI when a layer is zstd. */
  readonly format?: ManifestFormat | undefined;
}
