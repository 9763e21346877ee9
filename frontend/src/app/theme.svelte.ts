/**
 * Light, dark, or as the system has it. The dark colours stand once, in rules for
 * systems that ask for them; a choice made here widens or closes those rules.
 */
export type Theme = 'system' | 'light' | 'dark'

const themes: Theme[] = ['system', 'light', 'dark']
const key = 'keyferry.theme'
const query = '(prefers-color-scheme: dark)'

const darkRules = new Set<CSSMediaRule>()

function findRules(): void {
  if (typeof CSSMediaRule === 'undefined') return
  for (const sheet of document.styleSheets) {
    for (const rule of sheet.cssRules) {
      if (rule instanceof CSSMediaRule && rule.media.mediaText.includes('prefers-color-scheme: dark')) darkRules.add(rule)
    }
  }
}

class Themes {
  current = $state<Theme>('system')

  /** As it was chosen in an earlier window. */
  start(): void {
    try {
      const kept = localStorage.getItem(key) as Theme | null
      if (kept && themes.includes(kept)) this.apply(kept)
    } catch {
      // a window without storage follows the system
    }
  }

  choose(theme: Theme): void {
    this.apply(theme)
    try {
      localStorage.setItem(key, theme)
    } catch {
      // as above
    }
  }

  /** The next of the three. */
  turn(): void {
    this.choose(themes[(themes.indexOf(this.current) + 1) % themes.length]!)
  }

  private apply(theme: Theme): void {
    this.current = theme
    findRules()
    const media = theme === 'system' ? query : theme === 'dark' ? 'all' : 'not all'
    for (const rule of darkRules) rule.media.mediaText = media
    document.documentElement.style.colorScheme = theme === 'system' ? '' : theme
  }
}

export const theme = new Themes()
