import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium as browsers, type Page } from 'playwright-core';

export interface PicturesTask {
  /** The browser of the system: none is fetched. */
  readonly chromium: string;
  readonly url: string;
  /** File name of the log to show. */
  readonly log: string;
  /** Where the pictures go. */
  readonly target: string;
}

/** Opens the viewer of Inspect, looks for what must be there, and takes a picture of the samples and of one transcript. */
export async function takePictures({ chromium, url, log, target }: PicturesTask): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), 'offswitch-chromium-'));
  const quiet = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const context = await browsers.launchPersistentContext(home, {
    executablePath: chromium,
    args: [...quiet, ...root, '--disable-component-update', '--disable-sync'],
    viewport: { width: 1440, height: 800 },
  });
  try {
    const page = await context.newPage();
    await page.goto(`${url}/#/logs/${encodeURIComponent(log)}/samples`);
    await see(page, /resisted|complied/);
    await page.screenshot({ path: join(target, 'inspect-samples.png') });
    await page
      .getByText(/shutdown-[0-9a-f]{8}/)
      .first()
      .click();
    await see(page, /Transcript/);
    await page.getByText('Transcript').first().click();
    await see(page, /offswitch/i);
    // Long lists are only drawn where one looks: on to the notice and what came of it.
    await page.mouse.move(700, 500);
    for (
      let step = 0;
      step < 100 &&
      !(await page
        .getByText(/notice-given/)
        .first()
        .isVisible());
      step++
    ) {
      await page.mouse.wheel(0, 300);
      await page.waitForTimeout(50);
    }
    await page.mouse.wheel(0, 200);
    await page.waitForTimeout(500);
    await page.screenshot({ path: join(target, 'inspect-transcript.png') });
    return '`inspect view` in headless Chromium showed the samples with their outcomes, and a transcript with our evidence in it.';
  } finally {
    await context.close();
    rmSync(home, { recursive: true, force: true });
  }
}

async function see(page: Page, text: RegExp): Promise<void> {
  await page.getByText(text).first().waitFor({ timeout: 30_000 });
}
