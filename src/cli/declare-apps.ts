import { Option, type Command } from 'commander';
import type { DiscoverOptions } from './commands/discover.ts';
import type { Confirmed, Steer } from './commands/steer.ts';
import { by, examples, output, reason, role, yes } from './options.ts';
import type { CommonOptions } from './run.ts';
import type { Role } from '../domain/permissions.ts';

/** Commands that say all by their name. */
const PLAIN = [
  { verb: 'start', what: 'let an app begin that waits for its owner', example: 'eksodus apps start stg messages' },
  {
    verb: 'pause',
    what: 'finish the step under way, begin no other',
    example: 'eksodus apps pause stg messages --reason "a release of ours"',
  },
  {
    verb: 'resume',
    what: 'end a pause of this app, or let it go on from where it was pinned',
    example: 'eksodus apps resume stg messages',
  },
  {
    verb: 'retry',
    what: 'try again what holds, or move again what was taken back',
    example: 'eksodus apps retry stg messages',
  },
  {
    verb: 'unschedule',
    what: 'let it wait for its owner again',
    example: 'eksodus apps unschedule stg messages',
  },
] as const;

/** What an SRE or approver answers to a request for a later deadline. */
const ANSWERS = [
  { verb: 'grant-extension', tell: 'grantExtension', what: 'let an app move until the later deadline asked for' },
  { verb: 'refuse-extension', tell: 'refuseExtension', what: 'keep the deadline of an app as it is' },
] as const;

const WHEN = 'with its time zone or offset, such as "2026-12-03 10:00 Asia/Tokyo" or 2026-12-03T10:00+09:00';

/** With who gives it and why. */
const asked = (command: Command, why = reason(), usual: Role = 'developer'): Command =>
  command.addOption(by()).addOption(role(usual)).addOption(why).addOption(output());
/** It overrides a gate or a plan: whoever comes later must be able to read why. */
const because = (): Option =>
  new Option('--reason <text>', 'why, which must be said; kept in the record').makeOptionMandatory();

export function declareApps(program: Command): void {
  const apps = program
    .command('apps')
    .description('look at the apps of an environment and steer the move of one')
    .addHelpText('after', examples('eksodus apps list stg', 'eksodus apps start stg messages'));

  const command = (verb: string, what: string): Command =>
    apps.command(verb).description(what).argument('<environment>').argument('<app>');

  apps
    .command('list')
    .description('a line for each app of the environment, also for those that do not move yet')
    .argument('<environment>')
    .addOption(output())
    .addHelpText(
      'after',
      examples('eksodus apps list stg', "eksodus apps list stg --output json | jq '.apps[] | select(.hold)'"),
    )
    .action(async (environment: string, options: CommonOptions) =>
      (await import('./commands/apps.ts')).list(environment, options),
    );

  apps
    .command('discover')
    .description('what receives traffic on the live cluster, whose it is, and what of it is in no app; changes nothing')
    .argument('<environment>')
    .option('-f, --file <file>', 'environment file; default: as the latest upgrade was given it')
    .option('--write <file>', 'write what the environment file has not to a new file, in its own shape')
    .addOption(
      new Option('-o, --output <format>', 'how to print; yaml: what the environment file has not')
        .choices(['text', 'json', 'yaml'])
        .default('text'),
    )
    .addHelpText(
      'after',
      examples(
        'eksodus apps discover stg --file config/stg.yaml',
        'eksodus apps discover stg --file config/stg.yaml --write more-apps.yaml',
        "eksodus apps discover stg --output json | jq '.uncatalogued[].subject'",
      ),
    )
    .action(async (environment: string, options: DiscoverOptions) =>
      (await import('./commands/discover.ts')).discover(environment, options),
    );

  command('show', 'what one app does, how it came there, and who did what; exit code 3 when it waits for a person')
    .addOption(output())
    .addHelpText(
      'after',
      examples('eksodus apps show stg messages', 'eksodus apps show stg messages -o json | jq .hold'),
    )
    .action(async (environment: string, app: string, options: CommonOptions) =>
      (await import('./commands/apps.ts')).show({ environment, app }, options),
    );

  for (const { verb, what, example } of PLAIN)
    asked(command(verb, what))
      .addHelpText('after', examples(example))
      .action(async (environment: string, app: string, options: Steer) =>
        (await import('./commands/apps.ts')).tell(verb, { environment, app }, options),
      );

  asked(command('promote', 'end the bake under way, or take as passed what its gate could not tell'), because())
    .addHelpText('after', examples('eksodus apps promote stg messages --reason "the load test is over"'))
    .action(async (environment: string, app: string, options: Steer) =>
      (await import('./commands/apps.ts')).tell('promote', { environment, app }, options),
    );

  asked(command('abort', 'give all traffic of this app back to the old cluster, now; the others go on'), because())
    .addOption(yes())
    .addHelpText(
      'after',
      examples(
        'eksodus apps abort stg messages --reason "slow searches"',
        'eksodus apps abort stg messages --reason "slow searches" --yes',
      ),
    )
    .action(async (environment: string, app: string, options: Steer & Confirmed) =>
      (await import('./commands/apps.ts')).abort({ environment, app }, options),
    );

  asked(command('pin', 'give the new cluster this share of the traffic, and keep it there'), because())
    .argument('<percent>', 'share of the new cluster, 0 to 100')
    .addHelpText('after', examples('eksodus apps pin stg messages 25 --reason "load test until noon"'))
    .action(async (environment: string, app: string, percent: string, options: Steer) =>
      (await import('./commands/apps.ts')).pin({ environment, app }, percent, options),
    );

  asked(command('steps', 'other steps for those that have not been reached'))
    .argument('<steps...>', 'percent:bake, each more than the one before, the last one 100')
    .addHelpText('after', examples('eksodus apps steps stg messages 10:30m 50:1h 100:2h'))
    .action(async (environment: string, app: string, texts: string[], options: Steer) =>
      (await import('./commands/apps.ts')).steps({ environment, app }, texts, options),
    );

  apps
    .command('stragglers')
    .description('apps that are not on green, the most urgent first: whose they are, by when, and what keeps them')
    .argument('<environment>')
    .addOption(output())
    .addHelpText(
      'after',
      examples(
        'eksodus apps stragglers stg',
        "eksodus apps stragglers stg -o json | jq '.stragglers[] | select(.overdue)'",
      ),
    )
    .action(async (environment: string, options: CommonOptions) =>
      (await import('./commands/apps.ts')).stragglers(environment, options),
    );

  asked(command('schedule', 'let an app begin at a time, instead of by hand'))
    .argument('<time>', WHEN)
    .addHelpText('after', examples('eksodus apps schedule stg messages "2026-12-03 10:00 Asia/Tokyo"'))
    .action(async (environment: string, app: string, time: string, options: Steer) =>
      (await import('./commands/apps.ts')).schedule({ environment, app }, time, options),
    );

  asked(command('extend', 'ask for a later deadline; an SRE answers'), because())
    .argument('<time>', WHEN)
    .addHelpText(
      'after',
      examples(
        'eksodus apps extend stg messages "2026-12-25 18:00 Asia/Tokyo" --reason "a release of ours comes first"',
      ),
    )
    .action(async (environment: string, app: string, time: string, options: Steer) =>
      (await import('./commands/apps.ts')).extend({ environment, app }, time, options),
    );

  for (const { verb, tell, what } of ANSWERS)
    asked(command(verb, what), because(), 'sre')
      .addHelpText('after', examples(`eksodus apps ${verb} stg messages --reason "as agreed"`))
      .action(async (environment: string, app: string, options: Steer) =>
        (await import('./commands/apps.ts')).tell(tell, { environment, app }, options),
      );
}
