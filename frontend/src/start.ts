import './i18n/door'
import { mount } from 'svelte'
import { connect } from './api'
import App from './App.svelte'
import { app } from './app/app.svelte'
import { theme } from './app/theme.svelte'

// The fake far side is left out of release builds altogether.
if (import.meta.env.MODE !== 'production') {
  const scene = new URLSearchParams(location.search).get('fake')
  if (scene !== null) {
    const { fake } = await import('./api/fake')
    connect(fake(scene || 'welcome'))
  }
}

window.addEventListener('unhandledrejection', (e) => app.stumble(e.reason))
window.addEventListener('error', (e) => app.stumble(e.error ?? e.message))

theme.start()
await app.start()
// Only now, as a window without anything to show would come between the mark and the
// first screen, and everything in it would be worked out twice.
const target = document.getElementById('app')!
target.replaceChildren()
mount(App, { target })
