/// A job as it stands after an event, and what is to be done.
package struct JobStep: Equatable, Sendable {
    package let job: Job
    package let action: JobAction
}
