// Instants at which clocks were changed, or not, in zones of every kind.
export const CLOCK_CHANGES = [
  ['Europe/Berlin', '2026-03-29T01:00Z'],
  ['Europe/Berlin', '2026-10-25T01:00Z'],
  ['America/New_York', '2026-03-08T07:00Z'],
  ['America/New_York', '2026-11-01T06:00Z'],
  // By half an hour.
  ['Australia/Lord_Howe', '2026-04-04T15:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:30Z'],
  // At midnight.
  ['America/Sao_Paulo', '2018-11-04T03:00Z'],
  ['America/Sao_Paulo', '2019-02-17T02:00Z'],
  // Never.
  ['Asia/Tokyo', '2026-12-31T15:00Z'],
].map(([timeZone = '', at = '']) => ({ timeZone, at: Date.parse(at) }));

const formats = new Map<string, Intl.DateTimeFormat>();

/** `2026-03-29 03:00`, as the zone writes an instant: by another road than that of the code under test. */
export function writtenIn(timeZone: string, instant: number): string {
  const format =
    formats.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  formats.set(timeZone, format);
  return format.format(instant);
}
