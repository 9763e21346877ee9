/** What can be said of a PIN before a key is asked (CTAP 2.2 section 6.5.1). */

export interface PINLimits { min: number; max: number }

/** min counts characters as a person does, max bytes of UTF-8. */
export function fitOf(pin: string, { min, max }: PINLimits): 'good' | 'empty' | 'short' | 'long' {
  const text = pin.normalize('NFC')
  if (text === '') return 'empty'
  if ([...text].length < min) return 'short'
  return new TextEncoder().encode(text).length > max ? 'long' : 'good'
}

/** From here on a person is warned that tries run out. */
export const fewTries = 3
