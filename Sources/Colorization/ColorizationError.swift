/// Why an image could not be coloured, apart from reading and writing it.
package enum ColorizationError: Error, CustomStringConvertible, Equatable {
    /// A setting is out of range.
    case settings(String)
    /// A hint, by its text, makes no sense.
    case hint(String, String)
    /// The photograph already has colours and the policy says to skip it.
    case skippedColored(hints: Int = 0)
    /// The photograph already has colours and the policy says to reject it.
    case rejectedColored(hints: Int = 0)
    /// The picture whose colours are to be applied to others has none.
    case grayReference(name: String)
    /// The network gave values that are not numbers.
    case nonFinite

    package var description: String {
        switch self {
        case .settings(let message): message
        case .hint(let text, let reason): "the hint \(text) \(reason)"
        case .skippedColored(let hints): "the photograph is already in colour (colored: skip)" + Self.unused(hints)
        case .rejectedColored(let hints): "the photograph is already in colour (colored: reject)" + Self.unused(hints)
        case .grayReference(let name): "\(name): has no colours that could be applied to others"
        case .nonFinite: "the network gave values that are not numbers; the model file may be damaged"
        }
    }

    private static func unused(_ hints: Int) -> String {
        hints == 0 ? "" : ", so that what is known of its colours is not used"
    }
}
