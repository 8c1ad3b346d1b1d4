import { isIP } from 'node:net';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Runner } from '../../command-context.ts';
import { addExamples, addExitStatuses } from '../../help.ts';
import { collectValues, parseIntegerWithin, parseNonEmpty } from '../../options.ts';

/** The options of `ecrp emulator`, parsed. */
export interface EmulatorFlags {
  readonly port: number;
  readonly privatePort?: number;
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
    .description(
      'Run a local ECR Public until Ctrl-C, or run a command with one. With --private-port, it is private ECR as well.',
    )
    .argument('[command...]', 'after `--`: a command to run with the emulator in its environment')
    .optionsGroup('Server:')
    .option('--port <port>', 'port to listen on; 0 for a free one', parseIntegerWithin(0, 65_535), 5100)
    .option(
      '--private-port <port>',
      'serve private ECR as well, on this port and the next one; 0 for free ones',
      parseIntegerWithin(0, 65_534),
    )
    .option('--host <address>', 'address to listen on (default 127.0.0.1)', parseAddress)
    .option(
      '--allow-host <name>',
      'name or address that clients use, without the port (repeatable)',
      collectHostNames,
    )
    .option(
      '--data <directory>',
      'keep all data in this directory; without it, the data is deleted at the end',
      parseNonEmpty,
    )
    .optionsGroup('Identities:')
    .option('--account <id>', 'account ID of the registry, 12 digits', parseNonEmpty)
    .option('--alias <alias>', 'alias of the registry', parseNonEmpty)
    .option('--access-key-id <id>', 'access key ID that it accepts', parseNonEmpty)
    .option(
      '--secret-access-key <key>',
      'secret of that key; every user sees it in the list of processes, so prefer --identity',
      parseNonEmpty,
    )
    .option(
      '--identity <file>',
      'JSON file of further keys and their permissions; the first key is used',
      parseNonEmpty,
    )
    .option(
      '--token-lifetime <seconds>',
      'lifetime of tokens (default 43200: 12 hours)',
      parseIntegerWithin(1, 43_200),
    )
    .optionsGroup('Behaviour:')
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
    .option('--log <file>', 'append one JSON line per request to this file', parseNonEmpty)
    .action((command: readonly string[], options: EmulatorFlags) =>
      run(async (context) => (await import('./run.ts')).runEmulator(context, command, options)),
    );
  addExamples(emulator, [
    'ecrp emulator',
    'ecrp emulator --private-port 5101',
    'ecrp emulator --port 0 -- ecrp push app.tar app:1.0 --create-repo',
    'ecrp emulator --data ./registry --fault "UploadLayerPart delay 300"',
    'ecrp emulator --identity publisher.json -- ecrp push app.tar app:1.0',
    'ecrp emulator --host 0.0.0.0 --allow-host registry',
    'ecrp emulator --allow-host registry.example.com',
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
