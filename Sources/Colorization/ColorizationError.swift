/// Why an image could not be coloured, apart from reading and writing it.
package enum ColorizationError: Error, CustomStringConvertible, Equatable {
    /// A setting is out of range.
    case settings(String)
    /// The photograph already has colours and the policy says to skip it.
    case skippedColored
    /// The photograph already has colours and the policy says to reject it.
    case rejectedColored
    /// The picture whose colours are to be applied to others has none.
    case grayReference(name: String)
    /// The network gave values that are not numbers.
    case nonFinite

    package var description: String {
        switch self {
        case .settings(let message): message
        case .skippedColored: "the photograph is already in colour (policy: skip)"
        case .rejectedColored: "the photograph is already in colour (policy: reject)"
        case .grayReference(let name): "\(name): has no colours that could be applied to others"
        case .nonFinite: "the network gave values that are not numbers; the model file may be damaged"
        }
    }
}
