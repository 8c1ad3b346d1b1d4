import { isObject } from '../json.ts';
import { MAX_CONFIG_BYTES } from './config.ts';
import { parseJson } from './json.ts';

/** What a person wants to know of an image config. Members that are absent, or of another type than they should be, are undefined. */
export interface ConfigSummary {
  /** RFC 3339, as in the config. */
  readonly created: string | undefined;
  readonly author: string | undefined;
  readonly architecture: string | undefined;
  readonly os: string | undefined;
  readonly variant: string | undefined;
  readonly user: string | undefined;
  readonly workingDir: string | undefined;
  readonly entrypoint: readonly string[] | undefined;
  readonly cmd: readonly string[] | undefined;
  readonly env: readonly string[] | undefined;
  readonly exposedPorts: readonly string[] | undefined;
  readonly volumes: readonly string[] | undefined;
  readonly stopSignal: string | undefined;
  readonly labels: Readonly<Record<string, string>> | undefined;
}

/** Summarizes an image config. Throws INVALID_INPUT if it is not a JSON object's text. */
export function summarizeConfig(bytes: Buffer, subject: string): ConfigSummary {
  const document = parseJson(bytes, subject, MAX_CONFIG_BYTES);
  const image = isObject(document) ? document : {};
  const config = isObject(image.config) ? image.config : {};
  return {
    created: pickText(image.created),
    author: pickText(image.author),
    architecture: pickText(image.architecture),
    os: pickText(image.os),
    variant: pickText(image.variant),
    user: pickText(config.User),
    workingDir: pickText(config.WorkingDir),
    entrypoint: pickTexts(config.Entrypoint),
    cmd: pickTexts(config.Cmd),
    env: pickTexts(config.Env),
    exposedPorts: pickKeys(config.ExposedPorts),
    volumes: pickKeys(config.Volumes),
    stopSignal: pickText(config.StopSignal),
    labels: pickLabels(config.Labels),
  };
}

function pickText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function pickTexts(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.every((item) => typeof item === 'string') ? value : undefined;
}

/** Docker writes sets as objects with empty members. */
function pickKeys(value: unknown): readonly string[] | undefined {
  const keys = isObject(value) ? Object.keys(value) : [];
  return keys.length > 0 ? keys : undefined;
}

function pickLabels(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isObject(value)) return undefined;
  const labels = Object.entries(value).flatMap(([key, text]): [string, string][] =>
    typeof text === 'string' ? [[key, text]] : [],
  );
  return labels.length > 0 ? Object.fromEntries(labels) : undefined;
}
