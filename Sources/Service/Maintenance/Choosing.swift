import Spool

/// What came of a change of what is chosen of results.
package struct Choosing: Sendable {
    /// The results as they are now.
    package private(set) var reports: [ResultReport] = []
    /// What a person should know, each with its result.
    package private(set) var remarks: [String] = []
    /// Results whose choice could not be changed, and what could not be read, each with its reason.
    package private(set) var problems: [String] = []

    private let announcer: Announcer?

    /// Changes what is chosen of all results at or below some paths, and tells the journal of it.
    package init(_ change: Publisher.ChoiceChange, of paths: [String], announcer: Announcer? = nil) {
        self.announcer = announcer
        problems = FoundResults.forEach(at: paths) { try apply(change, to: $0, in: $1) }
    }

    private mutating func apply(
        _ change: Publisher.ChoiceChange, to result: PublishedResult, in publisher: Publisher
    ) throws {
        let changed = try publisher.choose(change, of: result.path)
        remarks += changed.remarks
        if changed.isChanged { remarks += announcer?.announce(changed.choice, of: result, in: publisher) ?? [] }
        reports.append(try ResultReport(result, in: publisher))
    }
}
