// Every relative link of the documents leads to what is there: a file or folder, and in a document to a heading.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const withoutBlocks = (markdown: string): string => markdown.replaceAll(/^```[^]*?^```$/gm, '');

function linksOf(markdown: string): string[] {
  const text = withoutBlocks(markdown).replaceAll(/`[^`\n]*`/g, '');
  return Array.from(text.matchAll(/\]\((?<target>[^()\s]+)\)/g), ({ groups }) => groups?.['target'] ?? '');
}

/** Headings as GitHub writes them behind a #. */
function anchorsOf(markdown: string): string[] {
  const headings = withoutBlocks(markdown).matchAll(/^#+ +(?<title>.+)$/gm);
  return Array.from(headings, ({ groups }) =>
    (groups?.['title'] ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The links of a document at a place below the root that lead nowhere. */
function broken(document: string, markdown: string): string[] {
  const own = join(ROOT, document);
  return linksOf(markdown).filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const file = path === '' ? own : join(dirname(own), path);
    if (!existsSync(file)) return true;
    return anchor !== undefined && !anchorsOf(file === own ? markdown : readFileSync(file, 'utf8')).includes(anchor);
  });
}

describe('the links of', () => {
  it.each(globSync(['README.md', 'CONTRIBUTING.md', 'docs/**/*.md'], { cwd: ROOT }))(
    '%s lead somewhere',
    (document) => {
      expect(broken(document, readFileSync(join(ROOT, document), 'utf8'))).toEqual([]);
    },
  );

  it('a document that is wrong are told', () => {
    const markdown = [
      '# The `first` heading, at 5 %',
      '[good](#the-first-heading-at-5-) [good](../README.md) [good](adr) [good](https://example.com/x)',
      '[bad](README.md) [bad](#second) [bad](../README.md#no-such) `[code](x)`',
      '```',
      '[code](x)',
      '# code',
      '```',
      '[bad](#code)',
    ];
    expect(broken('docs/status.md', markdown.join('\n'))).toEqual([
      'README.md',
      '#second',
      '../README.md#no-such',
      '#code',
    ]);
  });
});
