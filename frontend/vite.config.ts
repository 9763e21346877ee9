import { readFileSync } from 'node:fs'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

/** The development server injects inline styles, so the policy holds in builds only. */
function policyInBuildsOnly(): Plugin {
  return {
    name: 'policy-in-builds-only',
    apply: 'serve',
    transformIndexHtml: (html) => html.replace(/<meta\s+http-equiv="Content-Security-Policy"[^>]*>/, ''),
  }
}

/** What is bundled carries its licence with it (the OFL asks for that). */
function licences(packages: string[]): Plugin {
  return {
    name: 'licences',
    apply: 'build',
    generateBundle() {
      const source = packages
        .map((p) => `${p}\n\n${readFileSync(new URL(`node_modules/${p}/LICENSE${p === 'svelte' ? '.md' : ''}`, import.meta.url), 'utf8')}`)
        .join('\n\n')
      this.emitFile({ type: 'asset', fileName: 'licences.txt', source })
    },
  }
}

/** What the editor of policies is made of. */
const editor = [
  ...['autocomplete', 'commands', 'lang-json', 'language', 'lint', 'state', 'view'].map((p) => `@codemirror/${p}`),
  ...['common', 'highlight', 'json', 'lr'].map((p) => `@lezer/${p}`), '@marijn/find-cluster-break', 'crelt', 'style-mod', 'w3c-keyname',
]

/**
 * What the first screen needs is one file, and what is needed once somebody comes in
 * another. Along what later screens share they would be cut into twenty, and WebKit's
 * loader of modules is then busy enough with them to be compiled to machine code, which
 * takes some megabytes. The loader of files stays with main.ts, which would otherwise
 * read all of the first before the mark is painted.
 */
const doorAndInside = [
  { name: 'load', test: /vite\/preload-helper/, priority: 2 },
  { name: 'start', test: /\/src\/start\.ts$/, priority: 1 },
  { name: 'inside', test: /\/src\/inside\/index\.ts$/ },
]

export default defineConfig({
  plugins: [svelte(), policyInBuildsOnly(), licences(['@fontsource-variable/inter', '@lucide/svelte', 'svelte', ...editor])],
  build: {
    target: ['safari16', 'chrome110'], // WebKitGTK 2.38 and newer, WebView2
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { codeSplitting: { groups: doorAndInside } } },
    // dist/.gitkeep comes back from public/, so a build leaves the checkout clean.
    emptyOutDir: true,
  },
  resolve: process.env.VITEST ? { conditions: ['browser'] } : {},
  test: {
    include: ['src/**/*.test.ts', 'scripts/**/*.test.ts'],
    // A test is inside without having come in.
    setupFiles: ['src/i18n/door.ts', 'src/i18n/inside.ts'],
    restoreMocks: true,
    // axe on a busy machine takes its time; nothing waits for a clock
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
