import { basename, resolve } from 'node:path';
import type { CommandContext } from '../command-context.ts';
import type { Outcome } from '../outcome.ts';
import { openProgress } from '../progress/open-progress.ts';
import { checkSource } from '../push/check-source.ts';
import { checkDigestFile, writeDigestFile } from '../push/digest-file.ts';
import { pushImages } from '../push/push-images.ts';
import { checkOptions, type PushOptions } from '../push/push-options.ts';
import {
  describeEach,
  describePush,
  findGalleryPage,
  type PushedImage,
  summarizePush,
} from '../push/push-outcome.ts';
import type { Tried } from '../push/try-each.ts';
import { requireRegistryHost } from '../registry-host.ts';

/** Pushes images of an archive. What can be found wrong without the network is found before anything is sent. */
export async function push(
  context: CommandContext,
  source: string,
  reference: string | undefined,
  options: PushOptions,
): Promise<Outcome> {
  const digestFile = options.digestFile && resolve(context.io.cwd, options.digestFile);
  checkSource(context, source, reference);
  checkOptions(context, reference, options);
  if (options.verify) await requireRegistryHost(context, '--verify');
  if (digestFile !== undefined) await checkDigestFile(digestFile);
  const progress = await openProgress(context, {
    name: reference ?? (source === '-' ? 'standard input' : basename(source)),
    dryRun: options.dryRun ?? false,
  });
  let tried: readonly Tried<PushedImage>[];
  try {
    tried = await pushImages(context, progress, source, reference, options);
  } finally {
    progress.stop();
  }
  await tellOutcomes(context, tried, options.all ?? false);
  const pushed = tried.flatMap((each) => ('result' in each ? [each.result] : []));
  const afterwards = async (): Promise<void> => {
    const digests = pushed.map(({ result }) => result.imageDigest).join('\n');
    if (digestFile === undefined || options.dryRun || pushed.length === 0) return;
    await writeDigestFile(context, digestFile, digests);
  };
  if (options.all) return { ...describeEach(tried), afterwards };
  const [only] = pushed;
  if (only === undefined) throw new TypeError('no image was pushed');
  return { ...describePush(only.result, only.facts), afterwards };
}

/** For a person: what became of each image, and where they are shown. */
async function tellOutcomes(
  { messages, reportError }: CommandContext,
  tried: readonly Tried<PushedImage>[],
  all: boolean,
): Promise<void> {
  const pages = new Set<string>();
  for (const each of tried) {
    if ('error' in each) {
      await reportError(each.error, each.name);
      continue;
    }
    const { result, facts } = each.result;
    for (const line of summarizePush(result, facts)) {
      messages.note(all ? `${facts.reference}: ${line}` : line);
    }
    const page = findGalleryPage(facts);
    if (page !== undefined) pages.add(page);
  }
  for (const page of pages) messages.note(`Gallery: ${page}`);
}
