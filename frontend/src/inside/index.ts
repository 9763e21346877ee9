/** What is needed once somebody comes in, read as one file: app/inside.svelte.ts says when. */
import '../i18n/inside'

export { default as RestoreDialog } from '../components/RestoreDialog.svelte'
export { default as Above } from './Above.svelte'
export { default as Beside } from './Beside.svelte'
export { default as Screens } from './Screens.svelte'
