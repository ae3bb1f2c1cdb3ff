/// Something that happens to a file.
package enum JobEvent: Equatable, Sendable {
    /// The intake has delivered it, with the content known before or another.
    case arrived(isChanged: Bool)
    case claimed
    /// Its result was published; `isCurrent` is false where the file was replaced while it was worked on.
    case published(isCurrent: Bool)
    /// The settings ask to leave it alone.
    case skipped(reason: String, isCurrent: Bool)
    /// An error that may pass.
    case failedForNow(reason: String)
    /// An error of the file itself.
    case failedForGood(reason: String, isCurrent: Bool)
    /// Other machines' workers died over it as often as they may.
    case quarantined(reason: String, isCurrent: Bool)
    /// The worker gives it back untried.
    case putBack
    /// The process that had claimed it is no more.
    case processDied
    /// A person asks for another try.
    case retried
}
