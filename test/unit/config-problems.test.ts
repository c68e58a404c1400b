import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, loadEnvironment, parseEnvironment, type Problem } from '../../config/load.ts';
import { zonesOf } from '../../config/rules.ts';
import type { Environment } from '../../src/domain/environment.ts';

const MINIMAL = readFileSync(new URL('../../config/examples/minimal.yaml', import.meta.url), 'utf8');

/** The minimal example with one piece of its text replaced. */
function changed(from: string, to: string): string {
  if (MINIMAL.split(from).length !== 2) throw new Error(`minimal.yaml has not exactly one ${JSON.stringify(from)}`);
  return MINIMAL.replace(from, () => to);
}
/** The minimal example with lines added at its end. */
const added = (lines: string): string => `${MINIMAL}${lines}\n`;

function problemsOf(text: string): readonly Problem[] {
  try {
    parseEnvironment(text, 'stg.yaml');
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** What a person reads, without the place. */
const told = (text: string): string[] => problemsOf(text).map(({ path, message }) => `${path}: ${message}`);

const parsed = (text: string): Environment => parseEnvironment(text, 'stg.yaml');

describe('all mistakes at once', () => {
  it('are told in the order of the file, each with its place, what was found and what is expected', () => {
    const text = `name: stg
account: 012345678901
region: ap-northeast-1
live: { paramter: /stg/live }
target: { version: 1.30 }
zones:
  - { id: Z0123456789, name: stg.example.com }
cluster:
  roleArn: arn:aws:iam::123456789012:role/eks-cluster
  subnetIds: [subnet-00000001]
  deletionProtection: yes
nodeGroups:
  - name: general
    nodeRoleArn: arn:aws:iam::123456789012:role/eks-node
    instanceTypes: [m7i.large]
    minSize: 3
    desiredSize: 9
    maxSize: 6
argocd: { cluster: manager, cluster: other }
apps:
  - name: messages
    team: chat
    hosts: [messages.example.org]
    application: messages-{cluster}
    ingress: messages
    checks:
      - { path: /healthz, every: 5 }
    steps:
      - { green: 5, bake: 10m }
      - { green: 5, bake: 10m }
      - { green: 120, bake: 1d }
  - name: files
    team: storage
    hosts: [files.stg.example.com]
    application: files-{cluster}
    ingress: { namespace: files, name: files }
    checks: [{ path: /healthz }]
    steps:
      - { green: 50, bake: 10m }
      - { green: 50, bake: 10m }
`;
    let message = '';
    try {
      parseEnvironment(text, 'config/stg.yaml');
    } catch (error) {
      message = error instanceof ConfigError ? error.message : String(error);
    }
    expect(message).toMatchInlineSnapshot(`
      "config/stg.yaml:2:10 account: found the number 12345678901. Expected the AWS account: twelve digits in quotes. Without quotes YAML reads a number, which loses zeros at the beginning.
      config/stg.yaml:4:7 live.parameter: is missing. Expected the SSM parameter that holds the live cluster's name, such as /stg/live-cluster.
      config/stg.yaml:4:9 live.paramter: is not known here. Did you mean parameter?
      config/stg.yaml:5:20 target.version: found the number 1.3. Expected a minor version in quotes, such as "1.36". Without quotes YAML reads a number, and 1.30 is the number 1.3: write "1.30".
      config/stg.yaml:10:14 cluster.subnetIds: found a list of 1. Expected a list of at least two subnets, in different zones.
      config/stg.yaml:11:23 cluster.deletionProtection: found "yes". Expected true or false.
      config/stg.yaml:17:18 nodeGroups.general.desiredSize: found 9. Expected minSize to maxSize: 3 to 6.
      config/stg.yaml:19:29 "cluster" is there already. Expected each key once.
      config/stg.yaml:23:13 apps.messages.hosts[0]: found "messages.example.org". Expected a name in one of the zones: stg.example.com. Add its zone to zones, or correct it.
      config/stg.yaml:25:14 apps.messages.ingress: found "messages". Expected a mapping of namespace, name.
      config/stg.yaml:27:34 apps.messages.checks[0].every: found the number 5. Expected the time between two checks: a time with its unit, such as 30s, 10m or 1h30m. Write 5s if you mean seconds.
      config/stg.yaml:31:18 apps.messages.steps[2].green: 120 is more than 100. Steps go up to 100, and the last one is 100.
      config/stg.yaml:31:29 apps.messages.steps[2].bake: found "1d". Expected how long the step is watched: a time with its unit, such as 30s, 10m or 1h30m.
      config/stg.yaml:40:18 apps.files.steps[1].green: 50 is not more than the step before, 50. Each step gives green more than the one before.
      config/stg.yaml:40:18 apps.files.steps[1].green: the last step is 50. Steps go up to 100, and the last one is 100."
    `);
  });

  it('counts lines and columns from 1, and names lists by index where their things have no name', () => {
    expect(problemsOf(changed('- path: /healthz', '- path: healthz'))).toEqual([
      {
        file: 'stg.yaml',
        line: 37,
        column: 15,
        path: 'apps.messages.checks[0].path',
        message: 'found "healthz". Expected the path that is asked, beginning with "/".',
      },
    ]);
  });
});

describe('a window with mistakes', () => {
  it('tells them all, each with its place', () => {
    const text = `${MINIMAL}window:
  timezone: Asia/Tokyo
  hours:
    - Mon-Fri 17:00-10:00
    - Sat 9-12
  holidays: [2026-02-30]
  freezes:
    - { from: 2027-01-04, to: 2026-12-21 }
`;
    const at = MINIMAL.split('\n').length;
    const places = problemsOf(text).map(({ line, column, path }) => `${line - at}:${column} ${path}`);
    expect(places).toEqual([
      '1:3 window.timeZone',
      '1:3 window.timezone',
      '3:7 window.hours[0]',
      '4:7 window.hours[1]',
      '5:14 window.holidays[0]',
      '7:7 window.freezes[0].why',
      '7:31 window.freezes[0].to',
    ]);
  });
});

describe('a private zone', () => {
  const ZONE = '{ id: Z0123456789ABCDEFGHIJ, name: test.example.com }';
  const twin = (more: string): string =>
    changed(ZONE, `${ZONE}\n  - { id: Z1, name: test.example.com, private: true${more} }`);
  const SERVERS = ', nameServers: [10.0.0.2]';

  it('shares its name with a public one: their hosts are in both, but for those that are named', () => {
    const zoneIds = (text: string): string[] =>
      parsed(text).apps.flatMap(({ hosts }) => hosts.map(({ zoneId }) => zoneId));
    expect(zoneIds(twin(SERVERS))).toEqual(['Z0123456789ABCDEFGHIJ', 'Z1']);
    expect(zoneIds(twin(`${SERVERS}, without: [messages.test.example.com]`))).toEqual(['Z0123456789ABCDEFGHIJ']);
    expect(parsed(twin(`${SERVERS}, without: [messages.test.example.com]`)).zones).toEqual([
      { id: 'Z0123456789ABCDEFGHIJ', name: 'test.example.com' },
      { id: 'Z1', name: 'test.example.com', private: true, nameServers: ['10.0.0.2'] },
    ]);
  });

  it.each([
    ['without servers', '', 'zones[1].nameServers: is missing. Expected DNS servers that answer for this private zone'],
    [
      'with an unknown exception',
      `${SERVERS}, without: [mesages.test.example.com]`,
      'zones[1].without[0]: found "mesages.test.example.com". Expected a host of one of the apps.',
    ],
    [
      'with an external id and no role',
      `${SERVERS}, externalId: abc`,
      'zones[1].externalId: is for a role, and there is none. Expected roleArn too.',
    ],
    [
      'with a role that is none',
      `${SERVERS}, roleArn: dns`,
      'zones[1].roleArn: found "dns". Expected the ARN of the role',
    ],
  ])('%s is refused', (_what, more, message) => {
    expect(told(twin(more))).toEqual([expect.stringContaining(message)]);
  });
});

describe('a file that cannot be read', () => {
  it.each([
    ['no/such/file.yaml', 'there is no such file'],
    ['/', 'is a folder'],
  ])('%s is named, with why', (file, why) => {
    expect(() => loadEnvironment(file)).toThrow(
      `${file}:1:1 ${why}. Expected an environment file; config/examples shows some.`,
    );
  });
});

describe('hosted zones', () => {
  it('are each named once, by id as by name', () => {
    const zone = '{ id: Z0123456789ABCDEFGHIJ, name: test.example.com }';
    expect(told(changed(`  - ${zone}`, `  - ${zone}\n  - ${zone}`))).toEqual([
      'zones[1].id: "Z0123456789ABCDEFGHIJ" is there already. Expected an id of its own.',
      'zones[1].name: "test.example.com" is there already. Expected a name of its own. A public and a private zone may share one: say which is private.',
    ]);
  });
});

describe('a file in another encoding', () => {
  it('is refused at its first such byte, and never read with other characters than were written', () => {
    const dir = mkdtempSync(join(tmpdir(), 'config-'));
    try {
      const file = join(dir, 'latin1.yaml');
      writeFileSync(file, Buffer.from('name: stg\n# B\u00fcro\n', 'latin1'));
      expect(() => loadEnvironment(file)).toThrow(
        `${file}:2:4 here is a byte that is no UTF-8. Save the file as UTF-8.`,
      );
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('YAML', () => {
  it.each([
    ['a: [', '1:5 is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ].'],
    ['a: 1\n\tb: 2', '2:1 a tab stands where the indent should be. Expected spaces.'],
    ['a: 1\n---\nb: 2', '2:1 a second document begins here. Expected one document in the file.'],
    ['a: *b', '1:4 *b stands for nothing. Expected &b before it.'],
    ['a: !secret b', '1:4 is not YAML: Unresolved tag: !secret.'],
    ["a: 'b\n", "2:1 is not YAML: Missing closing 'quote."],
    ['a b\nc: 2', '1:1 is no key with a value. Expected "key: value", or a mapping below "key:".'],
    [
      'live: parameter: /stg',
      '1:7 a key stands inside this value. Expected one "key: value" a line, indented like its neighbours; a text with ": " in it needs quotes.',
    ],
    ['? { a: b }\n: c', '1:3 is no name for a key. Expected a word.'],
  ])('%j is refused with its place', (text, expected) => {
    expect(problemsOf(text).map(({ line, column, message }) => `${line}:${column} ${message}`)).toEqual([expected]);
  });

  it('a break in the structure is told once, without the parser’s echoes of it', () => {
    expect(problemsOf(changed('    team: chat', '   team: chat'))).toMatchObject([{ line: 32, column: 1 }]);
  });

  it('several tabs are told each, in the order of the file', () => {
    expect(problemsOf('a:\n\tb: 1\n\tc: 2\n').map(({ line, column }) => [line, column])).toEqual([
      [2, 1],
      [3, 1],
    ]);
  });

  it('an alias of itself is refused like any other wrong value', () => {
    expect(told(changed('cluster: manager', 'cluster: &self [*self]'))).toEqual([
      'argocd.cluster: found a list of 1. Expected the EKS name of the cluster in which Argo CD runs.',
    ]);
  });

  it('an empty file is told what it should hold', () => {
    expect(told('')).toEqual([
      expect.stringMatching(/^: found nothing\. Expected a mapping of name, account, region, /),
    ]);
  });

  it('a key that stands twice is one mistake beside the others', () => {
    const text = changed('name: test\n', 'name: test\nname: Test\n').replace('team: chat', 'team: 5');
    expect(problemsOf(text).map(({ line, path, message }) => `${line} ${path} ${message}`)).toEqual([
      '4  "name" is there already. Expected each key once.',
      expect.stringMatching(/^4 name found "Test"\. /),
      expect.stringMatching(/^33 apps\.messages\.team found the number 5\. /),
    ]);
  });

  it('anchors may be used', () => {
    const text = changed('    checks:\n', '    steps: &slow [{ green: 100, bake: 2h }]\n    checks:\n');
    const { apps } = parsed(`${text}steps: *slow\n`);
    expect(apps[0]?.steps).toEqual([{ greenPercent: 100, bakeSeconds: 7200 }]);
  });

  it('a mistake behind an alias is told where the value stands', () => {
    const text = changed('    checks:\n', '    steps: &slow [{ green: 101, bake: 2h }]\n    checks:\n');
    expect(problemsOf(`${text}steps: *slow\n`).map(({ line, path }) => `${line} ${path}`)).toEqual([
      '36 steps[0].green',
      '36 apps.messages.steps[0].green',
    ]);
  });
});

describe('unknown keys', () => {
  it.each([
    ['tarets: {}', 'tarets: is not known here. Did you mean target?'],
    ['Approvals: []', 'Approvals: is not known here. Did you mean approvals?'],
    ['zonse: []', 'zonse: is not known here. Did you mean zones?'],
  ])('%s', (line, expected) => {
    expect(told(added(line))).toEqual([expected]);
  });

  it('far from any are told what there is', () => {
    expect(told(changed('  cluster: manager', '  cluster: manager\n  password: x'))).toEqual([
      'argocd.password: is not known here. Expected one of cluster, namespace, labels, platformLabel, appsLabel.',
    ]);
  });

  it('stand at the key', () => {
    const text = changed('      - path: /healthz', '      - path: /healthz\n        colour: blue');
    expect(problemsOf(text)).toMatchObject([{ line: 38, column: 9, path: 'apps.messages.checks[0].colour' }]);
  });

  it('missing ones stand at what should hold them', () => {
    expect(problemsOf(changed('    team: chat\n', ''))).toEqual([
      {
        file: 'stg.yaml',
        line: 31,
        column: 5,
        path: 'apps.messages.team',
        message: 'is missing. Expected the team that owns the app.',
      },
    ]);
  });
});

describe('what YAML makes of a word without quotes', () => {
  it('a version is a number', () => {
    expect(told(changed("'1.36'", '1.30'))).toEqual([
      'target.version: found the number 1.3. Expected a minor version in quotes, such as "1.36". Without quotes YAML reads a number, and 1.30 is the number 1.3: write "1.30".',
    ]);
  });

  it('a version keeps its digits in the cure', () => {
    expect(told(changed("'1.36'", '1.36'))).toEqual([expect.stringMatching(/: write "1\.36"\.$/)]);
    expect(told(changed("'1.36'", '1'))).toEqual([expect.stringMatching(/ found the number 1\. /)]);
  });

  it('an account is a number without its first zeros', () => {
    expect(told(changed("'123456789012'", '001234567890'))).toEqual([
      'account: found the number 1234567890. Expected the AWS account: twelve digits in quotes. Without quotes YAML reads a number, which loses zeros at the beginning.',
    ]);
  });

  it('a tag is true', () => {
    const text = changed('  cluster: manager', '  cluster: manager\n  labels: { spot: true }');
    expect(told(text)).toEqual([
      expect.stringMatching(/^argocd\.labels\.spot: found true\. .* Write it in quotes: "true"\.$/),
    ]);
  });
});

describe('values that are refused', () => {
  const GROUP = '    minSize: 2\n    desiredSize: 2\n    maxSize: 4\n';
  const HOSTS = '[messages.test.example.com]';
  const sizes = (min: number, desired: number, max: number): string =>
    changed(GROUP, `    minSize: ${min}\n    desiredSize: ${desired}\n    maxSize: ${max}\n`);
  const steps = (...green: number[]): string =>
    added(`steps: [${green.map((percent) => `{ green: ${percent}, bake: 1m }`).join(', ')}]`);
  const window = (rest: string, timeZone = 'Asia/Tokyo'): string => added(`window: { timeZone: ${timeZone}, ${rest} }`);
  const hours = (text: string): string => window(`hours: [${text}]`);
  const freeze = (text: string): string => window(`hours: [Mon 10:00-17:00], freezes: [{ ${text} }]`);

  it.each<[string, string, string]>([
    ['a region', changed('ap-northeast-1', 'tokyo'), 'region: found "tokyo".'],
    [
      'an ARN',
      changed('role/eks-cluster', 'user/eks-cluster'),
      'cluster.roleArn: found "arn:aws:iam::123456789012:user/eks-cluster".',
    ],
    [
      'one subnet',
      changed(', subnet-0b1c2d3e4f5061728', ''),
      'cluster.subnetIds: found a list of 1. Expected a list of at least two subnets',
    ],
    [
      'min above max',
      sizes(5, 5, 4),
      'nodeGroups.general.minSize: 5 is more than maxSize, 4. Expected minSize ≤ desiredSize ≤ maxSize.',
    ],
    [
      'desired below min',
      sizes(2, 1, 4),
      'nodeGroups.general.desiredSize: found 1. Expected minSize to maxSize: 2 to 4.',
    ],
    [
      'desired above max',
      sizes(2, 5, 4),
      'nodeGroups.general.desiredSize: found 5. Expected minSize to maxSize: 2 to 4.',
    ],
    ['half a node', sizes(2, 2.5, 4), 'nodeGroups.general.desiredSize: found the number 2.5.'],
    ['steps that fall', steps(50, 25, 100), 'steps[1].green: 25 is not more than the step before, 50.'],
    ['steps that stay', steps(50, 50, 100), 'steps[1].green: 50 is not more than the step before, 50.'],
    [
      'steps that end early',
      steps(5, 50),
      'steps[1].green: the last step is 50. Steps go up to 100, and the last one is 100.',
    ],
    [
      'a step of nothing',
      steps(0, 100),
      'steps[0].green: 0 is less than 1. Steps go up to 100, and the last one is 100.',
    ],
    ['a step of half a percent', steps(0.5, 100), 'steps[0].green: 0.5 is less than 1.'],
    ['no steps', added('steps: []'), 'steps: found an empty list. Expected a list of steps'],
    [
      'a green name without version',
      added("naming: { green: '{environment}-new' }"),
      'naming.green: found "{environment}-new".',
    ],
    ['a green name that EKS refuses', added("naming: { green: '-{version}' }"), 'naming.green: gives "-1-36".'],
    ['a green name too long', added(`naming: { green: '{version}${'x'.repeat(97)}' }`), 'naming.green: gives "1-36xxx'],
    ['an unknown placeholder', added("naming: { green: '{env}-{version}' }"), 'naming.green: found "{env}-{version}".'],
    [
      'a host of no zone',
      changed(HOSTS, '[messages.example.org]'),
      'apps.messages.hosts[0]: found "messages.example.org". Expected a name in one of the zones: test.example.com.',
    ],
    [
      'a host whose zone only looks alike',
      changed(HOSTS, '[mytest.example.com]'),
      'apps.messages.hosts[0]: found "mytest.example.com".',
    ],
    [
      'a host twice',
      changed(HOSTS, '[a.test.example.com, a.test.example.com]'),
      'apps.messages.hosts[1]: "a.test.example.com" is a host already.',
    ],
    [
      'a dot at the end',
      changed('name: test.example.com', 'name: test.example.com.'),
      'zones[0].name: found "test.example.com.".',
    ],
    [
      'two zones of a name',
      changed('test.example.com }', 'test.example.com }\n  - { id: Z1, name: test.example.com }'),
      'zones[1].name: "test.example.com" is there already.',
    ],
    [
      'two add-ons of a name',
      added('addons: [{ name: coredns }, { name: coredns }]'),
      'addons.coredns.name: "coredns" is there already.',
    ],
    [
      'an application for both clusters',
      changed('messages-{cluster}', 'messages'),
      'apps.messages.application: found "messages".',
    ],
    ['an owner for both clusters', added('externalDnsOwner: eksodus'), 'externalDnsOwner: found "eksodus".'],
    [
      'hours that end before they begin',
      hours('Mon 17:00-10:00'),
      'window.hours[0]: 10:00 is not after 17:00 on the same day. For a night write both parts, such as Mon 22:00-24:00',
    ],
    ['hours of no time', hours('Mon 10:00-10:00'), 'window.hours[0]: 10:00 is not after 10:00 on the same day.'],
    ['an hour that is not', hours('Mon 24:00-24:00'), 'window.hours[0]: found "Mon 24:00-24:00".'],
    [
      'a day that is not',
      hours('Mon-Fri 10:00-17:00, monday 10:00-17:00'),
      'window.hours[1]: found "monday 10:00-17:00". Expected days and times, such as Mon-Fri 10:00-17:00 or Sat Sun',
    ],
    ['hours of no day', hours('10:00-17:00'), 'window.hours[0]: found "10:00-17:00". Expected days and times'],
    [
      'hours that are no list',
      window('hours: Mon-Fri 10:00-17:00'),
      'window.hours: found "Mon-Fri 10:00-17:00". Expected a list of days and times, such as [Mon-Fri 10:00-17:00].',
    ],
    ['no hours', hours(''), 'window.hours: found an empty list. Expected a list of days and times'],
    [
      'a time zone that is not',
      window('hours: [Mon 10:00-17:00]', 'Mars/Base'),
      'window.timeZone: found "Mars/Base". Expected a time zone, such as Asia/Tokyo or UTC.',
    ],
    [
      'a holiday that no calendar has',
      window('hours: [Mon 10:00-17:00], holidays: [2026-12-31, 2026-02-29]'),
      'window.holidays[1]: found "2026-02-29". Expected a day on which nothing may change: a date before 2100, such as 2026-11-23. That month has no such day.',
    ],
    [
      'a holiday in words',
      window('hours: [Mon 10:00-17:00], holidays: [1 January]'),
      'window.holidays[0]: found "1 January". Expected a day on which nothing may change: a date before 2100',
    ],
    [
      'a freeze that ends before it begins',
      freeze('from: 2026-12-21, to: 2026-12-20, why: year end'),
      'window.freezes[0].to: 2026-12-20 is not after from, 2026-12-21. A freeze ends after it begins.',
    ],
    [
      'a freeze of no time',
      freeze('from: 2026-12-21 10:00, to: 2026-12-21 10:00, why: year end'),
      'window.freezes[0].to: 2026-12-21 10:00 is not after from, 2026-12-21 10:00.',
    ],
    [
      'a freeze from a day that is not',
      freeze('from: 2026-11-31 10:00, to: 2026-12-21, why: year end'),
      'window.freezes[0].from: found "2026-11-31 10:00". Expected when it begins: a date before 2100',
    ],
    [
      'a freeze for ever',
      freeze('from: 2026-12-21, to: 9999-12-31, why: year end'),
      'window.freezes[0].to: found "9999-12-31". Expected when it ends: a date before 2100',
    ],
    [
      'a freeze to an hour that is not',
      freeze('from: 2026-12-21, to: 2026-12-31 24:00, why: year end'),
      'window.freezes[0].to: found "2026-12-31 24:00".',
    ],
    [
      'a freeze without a reason',
      freeze('from: 2026-12-21, to: 2026-12-31'),
      'window.freezes[0].why: is missing. Expected why nothing may change, such as year end.',
    ],
    [
      'a freeze that is a date',
      window('hours: [Mon 10:00-17:00], freezes: [2026-12-21]'),
      'window.freezes[0]: found "2026-12-21". Expected a mapping of from, to, why.',
    ],
    ['a time without unit', added('soak: 30'), 'soak: found the number 30. Expected the wait between'],
    ['a time in days', added('soak: 1d'), 'soak: found "1d".'],
    [
      'a check all the time',
      changed('- path: /healthz', '- { path: /, every: 0s }'),
      'apps.messages.checks[0].every: 0s is no time at all.',
    ],
    ['a DNS server by name', added('resolvers: [dns.example.com]'), 'resolvers[0]: found "dns.example.com".'],
    ['a port beyond all', added("resolvers: ['10.0.0.2:65536']"), 'resolvers[0]: found "10.0.0.2:65536".'],
    [
      'a tag of ours',
      changed('  roleArn:', '  tags: { eksodus:run: x }\n  roleArn:'),
      'cluster.tags.eksodus:run: found "eksodus:run".',
    ],
    [
      'a mapping for a list',
      changed('      - path: /healthz', '      path: /healthz'),
      'apps.messages.checks: found a mapping. Expected a list of',
    ],
    [
      'a text for a mapping',
      changed('{ namespace: messages, name: messages }', 'messages'),
      'apps.messages.ingress: found "messages". Expected a mapping of namespace, name.',
    ],
    [
      'a word for true',
      changed('  roleArn:', '  oidcProvider: on\n  roleArn:'),
      'cluster.oidcProvider: found "on". Expected true or false.',
    ],
  ])('%s', (_, text, expected) => {
    const all = told(text);
    expect(all).toHaveLength(1);
    expect(all[0]?.slice(0, expected.length)).toBe(expected);
  });

  it.each([
    ['30', 'Write 30s if you mean seconds.'],
    ["'30'", 'Write 30s if you mean seconds.'],
    ['30 seconds', 'Write 30s.'],
    ['1.5 Sec', 'Write 1.5s.'],
    ['10 min', 'Write 10m.'],
    ['2hours', 'Write 2h.'],
    ['1d', ''],
    ['500ms', ''],
  ])('%s is no time, and the cure is told where it is clear: %s', (written, cure) => {
    const [line] = told(added(`soak: ${written}`));
    expect(line?.split('such as 30s, 10m or 1h30m.')[1]?.trim()).toBe(cure);
  });

  it('one mistake hides no other: rules over several fields still run', () => {
    const text = sizes(5, 5, 4).replace('instanceTypes: [m7i.large]', 'instanceTypes: []\n    unknown: 1');
    expect(told(text.replace(HOSTS, '[messages.example.org]')).map((line) => line.split(':')[0])).toEqual([
      'nodeGroups.general.instanceTypes',
      'nodeGroups.general.unknown',
      'nodeGroups.general.minSize',
      'apps.messages.hosts[0]',
    ]);
  });
});

describe('values that are taken', () => {
  it.each(['us-gov-west-1', 'us-east-1', 'us-iso-east-1'])('region %s', (region) => {
    expect(parsed(changed('ap-northeast-1', region)).region).toBe(region);
  });

  it.each(['10.0.0.2', '10.0.0.2:53', '2001:db8::2', '[2001:db8::2]:53'])('resolver %s', (resolver) => {
    expect(parsed(added(`resolvers: ['${resolver}']`)).resolvers).toEqual([resolver]);
  });

  it.each([
    ['Mon-Fri 10:00-17:00', ['Mon', 'Tue', 'Wed', 'Thu', 'Fri']],
    ['Sat 10:00-17:00', ['Sat']],
    ['Sun-Tue Thu 10:00-17:00', ['Mon', 'Tue', 'Thu', 'Sun']],
    ['Fri Mon-Tue Mon 10:00-17:00', ['Mon', 'Tue', 'Fri']],
  ])('hours on %s', (text, days) => {
    const { window } = parsed(added(`window: { timeZone: UTC, hours: [${text}] }`));
    expect(window).toEqual({
      timeZone: 'UTC',
      hours: [{ days, from: '10:00', to: '17:00' }],
      holidays: [],
      freezes: [],
    });
  });

  it('hours until the end of the day, holidays, and freezes of whole days or to the minute', () => {
    const text = `window:
  timeZone: Asia/Tokyo
  hours:
    - Mon-Fri 10:00-12:00
    - Sun 00:00-24:00
  holidays:
    - 2028-02-29
  freezes:
    - { from: 2026-12-21, to: 2026-12-21, why: one day }
    - { from: 2026-12-24 18:00, to: 2027-01-04 09:00, why: year end }`;
    expect(parsed(added(text)).window).toMatchObject({
      hours: [{ to: '12:00' }, { days: ['Sun'], from: '00:00', to: '24:00' }],
      holidays: ['2028-02-29'],
      freezes: [
        { from: '2026-12-21 00:00', to: '2026-12-21 24:00', why: 'one day' },
        { from: '2026-12-24 18:00', to: '2027-01-04 09:00', why: 'year end' },
      ],
    });
  });

  it('durations, as the sum of their parts in seconds', () => {
    const hms = fc.record({ h: fc.nat(99), m: fc.nat(999), s: fc.nat(9999), tenths: fc.nat(9) });
    fc.assert(
      fc.property(hms, ({ h, m, s, tenths }) => {
        const { soakSeconds } = parsed(added(`soak: ${h}h${m}m${s}.${tenths}s`));
        expect(soakSeconds).toBeCloseTo(h * 3600 + m * 60 + s + tenths / 10, 6);
      }),
      { numRuns: 30 },
    );
  });

  it('a zone inside another: the longest that holds the host', () => {
    const label = fc.stringMatching(/^[a-z]{1,5}$/);
    fc.assert(
      fc.property(
        fc.array(label, { minLength: 2, maxLength: 6 }),
        fc.array(fc.array(label, { minLength: 1 })),
        (labels, others) => {
          const suffixes = labels.map((_, index) => labels.slice(index).join('.'));
          const zones = [...suffixes.slice(1), ...others.map((other) => other.join('.'))].map((name) => ({ name }));
          const host = `host.${labels.join('.')}`;
          const holds = (name: string): boolean => `.${host}`.endsWith(`.${name}`);
          const longest = Math.max(...zones.filter(({ name }) => holds(name)).map(({ name }) => name.length));
          const [found] = zonesOf(host, zones);
          expect(found && holds(found.name)).toBe(true);
          expect(found?.name.length).toBe(longest);
        },
      ),
    );
  });
});
