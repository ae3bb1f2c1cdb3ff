/// The numbers of files in each state.
package struct JobCounts: Equatable, Sendable, Encodable {
    package var received = 0
    package var claimed = 0
    package var waiting = 0
    package var published = 0
    package var skipped = 0
    package var failed = 0
    package var quarantined = 0

    package init() {}

    /// Files with work still to be done.
    package var pending: Int { received + claimed + waiting }
}
