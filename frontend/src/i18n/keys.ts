/** The words about security keys and PINs. */
import keys from './en/keys.json'
import { know } from '.'

know(keys)
