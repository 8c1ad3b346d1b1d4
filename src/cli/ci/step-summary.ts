import { cutText, escapeLine, hideLogins } from '../../foreign-text.ts';
import { formatBytes, formatCount, formatDuration } from '../format.ts';

/** An image that a command put into a registry. */
export interface PublishedImage {
  /** As in the JSON of the command. */
  readonly reference: string;
  readonly imageDigest: string;
  /** Tags as a person reads them, e.g. `latest (moved)`. */
  readonly tags: readonly string[];
  readonly totalBytes: number;
  readonly uploadedBytes: number;
  readonly durationMs: number;
  /** Page of the repository in the Gallery. */
  readonly page?: string | undefined;
}

/** What a command put into a registry. A CI job gets a report of it. */
export interface Publication {
  readonly images: readonly PublishedImage[];
  /** Images of the same command that failed. */
  readonly failures: readonly { readonly reference: string; readonly message: string }[];
}

/** More rows would approach the size at which GitHub discards a summary. */
const MOST_ROWS = 500;

/** Formats a publication as Markdown for the summary of a job: a table with a row for each image. */
export function formatStepSummary({ images, failures }: Publication): string {
  const rows = [
    ...images.map(({ reference, imageDigest, tags, totalBytes, uploadedBytes, durationMs }) => [
      `${formatCode(reference)}<br>${formatCode(imageDigest)}`,
      tags.map(formatCode).join('<br>'),
      ...[formatBytes(totalBytes), formatBytes(uploadedBytes), formatDuration(durationMs)],
    ]),
    ...failures.map(({ reference, message }) => [
      `${formatCode(reference)}<br>failed: ${encodeText(cutText(hideLogins(message)))}`,
      ...['', '', '', ''],
    ]),
  ];
  const left = rows.length - MOST_ROWS;
  const pages = [...new Set(images.map(({ page }) => page).filter((page) => page !== undefined))];
  const lines = [
    `### ecrp: ${formatCount(images.length, 'image')} pushed${failures.length > 0 ? `, ${failures.length} failed` : ''}`,
    '',
    '| Image | Tags | Size | Uploaded | Time |',
    '| :--- | :--- | ---: | ---: | ---: |',
    ...rows.slice(0, MOST_ROWS).map((cells) => `| ${cells.join(' | ')} |`),
    ...(left > 0 ? ['', `and ${left} more`] : []),
    ...pages
      .slice(0, MOST_ROWS)
      .flatMap((page) => ['', `Gallery: [${encodeText(page)}](<${encodeText(page)}>)`]),
  ];
  return `${lines.join('\n')}\n`;
}

function formatCode(text: string): string {
  return `<code>${encodeText(text)}</code>`;
}

/**
 * Encodes text as Markdown that shows just this text. A character reference is never structure, so no text can end its cell or add a link.
 * Source: CommonMark 0.31, 6.2 Entity and numeric character references.
 */
function encodeText(text: string): string {
  return escapeLine(text).replaceAll(/[^\p{L}\p{N} ]/gu, (character) => `&#${character.codePointAt(0)};`);
}
