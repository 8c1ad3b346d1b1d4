import type { ConfigSummary } from '../../../oci/config-summary.ts';
import type { Descriptor } from '../../../oci/descriptor.ts';
import type { ImageIndex, ImageManifest } from '../../../oci/manifest.ts';
import { formatPlatform, type Platform } from '../../../oci/platform.ts';
import { formatBytes, formatFields, formatTable } from '../../format.ts';
import type { ResultMembers } from '../../output.ts';
import { nameMediaType } from './list-view.ts';

/** An image or index as the registry has it. */
export interface ImageDescription {
  /** `HOST/PATH:TAG@DIGEST` without absent parts. */
  readonly reference: string;
  /** In ECR Public, without the alias. */
  readonly repositoryName: string;
  readonly imageDigest: string;
  readonly manifest: ImageManifest | ImageIndex;
  /** Of an image, unless it is an artifact with another config. */
  readonly config: ConfigSummary | undefined;
  /** Of an index, in its order. */
  readonly children: readonly ChildDescription[];
}

export interface ChildDescription {
  readonly descriptor: Descriptor;
  /** Undefined for what is no image of a platform, such as an attestation. */
  readonly manifest: ImageManifest | undefined;
  readonly config: ConfigSummary | undefined;
}

/** Members of an image or index for JSON. Sizes are in bytes. */
export function listImageDescription(description: ImageDescription): ResultMembers {
  const { reference, repositoryName, imageDigest, manifest, config, children } = description;
  const { mediaType, artifactType, subject, annotations } = manifest;
  return {
    reference,
    repositoryName,
    imageDigest,
    imageManifestMediaType: mediaType,
    artifactType,
    subject: subject?.digest,
    annotations,
    ...(manifest.kind === 'image'
      ? { ...listImage(manifest), config: config && { ...config } }
      : { manifests: children.map(listChild) }),
  };
}

function listImage(manifest: ImageManifest): ResultMembers {
  return {
    artifactMediaType: manifest.config.mediaType,
    imageSizeInBytes: sumSizes(manifest),
    layers: manifest.layers.map(({ digest, size, mediaType }) => ({
      layerDigest: digest,
      layerSize: size,
      mediaType,
    })),
  };
}

function listChild({ descriptor, manifest, config }: ChildDescription): ResultMembers {
  const { digest, mediaType, platform, artifactType, annotations } = descriptor;
  return {
    imageDigest: digest,
    imageManifestMediaType: mediaType,
    platform: platform && { ...platform },
    artifactType,
    annotations,
    ...(manifest && listImage(manifest)),
    config: config && { ...config },
  };
}

/** Lines for a person. `width` is that of the terminal, if there is one. */
export function viewImageDescription(
  description: ImageDescription,
  width: number | undefined,
): readonly string[] {
  const { reference, imageDigest, manifest, config, children } = description;
  const common: [string, string | undefined][] = [
    ['reference', reference],
    ['digest', imageDigest],
    ['type', nameMediaType(manifest.mediaType, manifest.artifactType)],
    ['subject', manifest.subject?.digest],
  ];
  const annotations = listPairs('annotation', manifest.annotations);
  if (manifest.kind === 'index') {
    return [...formatFields([...common, ...annotations]), '', ...viewChildren(children, width)];
  }
  const artifact: [string, string | undefined][] =
    config === undefined ? [['config', manifest.config.mediaType]] : viewConfig(config);
  return [
    ...formatFields([...common, ['size', formatBytes(sumSizes(manifest))], ...artifact, ...annotations]),
    '',
    ...formatTable(
      ['LAYER', 'SIZE', 'TYPE'],
      manifest.layers.map(({ digest, size, mediaType }) => [digest, formatBytes(size), mediaType]),
      width,
    ),
  ];
}

function viewConfig(config: ConfigSummary): [string, string | undefined][] {
  const { os = '', architecture = '', variant } = config;
  return [
    ['platform', formatPlatform({ os, architecture, ...(variant !== undefined && { variant }) })],
    ['created', config.created],
    ['author', config.author],
    ['entrypoint', formatWords(config.entrypoint)],
    ['command', formatWords(config.cmd)],
    ['user', config.user],
    ['directory', config.workingDir],
    ['ports', config.exposedPorts?.join(', ')],
    ['volumes', config.volumes?.join(', ')],
    ['stop signal', config.stopSignal],
    ...(config.env ?? []).map((variable): [string, string] => ['env', variable]),
    ...listPairs('label', config.labels),
  ];
}

function viewChildren(children: readonly ChildDescription[], width: number | undefined): readonly string[] {
  const rows = children.map(({ descriptor, manifest, config }) => [
    describePlatform(descriptor.platform) || nameMediaType(descriptor.mediaType, descriptor.artifactType),
    descriptor.digest,
    manifest === undefined ? '' : formatBytes(sumSizes(manifest)),
    manifest === undefined ? '' : String(manifest.layers.length),
    config?.created ?? '',
  ]);
  return formatTable(['PLATFORM', 'DIGEST', 'SIZE', 'LAYERS', 'CREATED'], rows, width);
}

/** BuildKit lists attestations under a platform that does not exist. */
function describePlatform(platform: Platform | undefined): string {
  if (platform === undefined) return '';
  return platform.os === 'unknown' ? 'attestation' : formatPlatform(platform);
}

/** Bytes of config and layers as stored. */
function sumSizes({ config, layers }: ImageManifest): number {
  return layers.reduce((sum, { size }) => sum + size, config.size);
}

function formatWords(words: readonly string[] | undefined): string | undefined {
  return words && JSON.stringify(words);
}

function listPairs(name: string, pairs: Readonly<Record<string, string>> = {}): [string, string][] {
  return Object.entries(pairs).map(([key, value]) => [name, `${key}=${value}`]);
}
