import { isIP } from 'node:net';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Runner } from '../../command-context.ts';
import { addExamples, addExitStatuses } from '../../help.ts';
import { collectValues, parseIntegerWithin, parseNonEmpty } from '../../options.ts';

/** The options of `ecrp emulator`, parsed. */
export interface EmulatorFlags {
  readonly port: number;
  readonly host?: string;
  readonly allowHost?: readonly string[];
  readonly data?: string;
  readonly account?: string;
  readonly alias?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly identity?: string;
  /** In seconds. */
  readonly tokenLifetime?: number;
  readonly quotas?: 'real' | 'off';
  readonly registryMode?: 'aws' | 'oci';
  readonly fault?: readonly string[];
  readonly log?: string;
}

/** Declares `ecrp emulator`. */
export function addEmulator(program: Command, run: Runner): void {
  const emulator = program
    .command('emulator')
    .summary('run a local ECR Public')
    .description('Run a local ECR Public, or a command with one beside it.')
    .argument('[command...]', "after `--`: a command to run in the emulator's environment")
    .option('--port <port>', 'port to listen on; 0 for a free one', parseIntegerWithin(0, 65_535), 5100)
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)', parseAddress)
    .option(
      '--allow-host <name>',
      'with --host: a name or address that clients use, without the port (repeatable)',
      collectHostNames,
    )
    .option(
      '--data <directory>',
      'keep all data there; without it, all data is deleted at the end',
      parseNonEmpty,
    )
    .option('--account <id>', 'account id of the registry', parseNonEmpty)
    .option('--alias <alias>', 'alias of the registry', parseNonEmpty)
    .option('--access-key-id <id>', 'access key id that it accepts', parseNonEmpty)
    .option(
      '--secret-access-key <key>',
      'secret of that key; the list of processes shows it to every user: prefer --identity',
      parseNonEmpty,
    )
    .option(
      '--identity <file>',
      'JSON file of further keys and their permissions; the first key is used',
      parseNonEmpty,
    )
    .option(
      '--token-lifetime <seconds>',
      'lifetime of authorization tokens (default: 12 hours)',
      parseIntegerWithin(1, 43_200),
    )
    .addOption(
      new Option('--quotas <kind>', 'throttle requests as the service does, or not')
        .choices(['real', 'off'])
        .default('off'),
    )
    .addOption(
      new Option('--registry-mode <mode>', 'behaviour of /v2/: public.ecr.aws, or the OCI specification')
        .choices(['aws', 'oci'])
        .default('aws'),
    )
    .option(
      '--fault <rule>',
      'OPERATION EFFECT [VALUE] [on=N|every=N|p=P seed=S] (repeatable)',
      collectValues,
    )
    .option('--log <file>', 'write one JSON line per request there', parseNonEmpty)
    .action((command: readonly string[], options: EmulatorFlags) =>
      run(async (context) => (await import('./run.ts')).runEmulator(context, command, options)),
    );
  addExamples(emulator, [
    'ecrp emulator',
    'ecrp emulator --port 0 -- sh -c "ecrp repo create app && ecrp push app.tar app:1.0"',
    'ecrp emulator --data ./registry --fault "UploadLayerPart delay 300"',
    'ecrp emulator --identity publisher.json -- ecrp push app.tar app:1.0',
    'ecrp emulator --host 0.0.0.0 --allow-host registry --allow-host host.docker.internal',
  ]);
  addExitStatuses(emulator, {
    130: 'Interrupted, which is the usual end without a command. With a command: the status of that command.',
  });
}

/** Parses the value of `--host`. */
function parseAddress(text: string): string {
  const address = text === 'localhost' ? '127.0.0.1' : text.replace(/^\[(.*)\]$/, '$1');
  if (isIP(address) === 0) {
    throw new InvalidArgumentError('It must be an IP address such as 0.0.0.0. Give names to --allow-host.');
  }
  return address;
}

/** Collects the values of `--allow-host`. An IPv6 address gets the brackets of a Host header. */
function collectHostNames(text: string, previous: readonly string[] = []): readonly string[] {
  const name = isIP(text) === 6 ? `[${text}]` : text.replace(/\.$/, '');
  if (!/^(?:\[[0-9a-f:.]+\]|[a-z0-9_][a-z0-9_.-]*)$/i.test(name)) {
    throw new InvalidArgumentError('It must be a host name or an address, without scheme, port and path.');
  }
  return [...previous, name];
}
