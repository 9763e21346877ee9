/** The words of the first screens, with those for a failure that has none of its own. */
import app from './en/app.json'
import door from './en/door.json'
import { know } from '.'

know(app, door)
