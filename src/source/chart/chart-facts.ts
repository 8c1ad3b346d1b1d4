import type { ChartFacts, ManifestImage } from '../../ends/image-source.ts';
import type { ImageIndex, ImageManifest } from '../../oci/manifest.ts';
import { isTag } from '../../oci/tags.ts';

/** Source: helm.sh/helm/v3, pkg/registry/constants.go. */
export const CHART_CONFIG = 'application/vnd.cncf.helm.config.v1+json';

/** Makes a tag of a version as Helm does: no tag has a `+`. */
export function makeChartTag(version: string): string {
  return version.replaceAll('+', '_');
}

/** Adds what the manifest of a chart states about the chart. Any other image stays as it is, and so does a chart whose version makes no tag. */
export function describeChart(
  image: ManifestImage,
  manifest: ImageManifest | ImageIndex | undefined,
): ManifestImage {
  const chart = manifest?.kind === 'image' ? findFacts(manifest) : undefined;
  return chart === undefined ? image : { ...image, chart };
}

function findFacts({ config, annotations }: ImageManifest): ChartFacts | undefined {
  if (config.mediaType !== CHART_CONFIG) return undefined;
  const name = annotations?.['org.opencontainers.image.title'];
  const version = annotations?.['org.opencontainers.image.version'];
  if (name === undefined || version === undefined) return undefined;
  const imageTag = makeChartTag(version);
  return isTag(imageTag) ? { name, version, imageTag } : undefined;
}
