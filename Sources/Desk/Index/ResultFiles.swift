import Files
import Spool

/// The names of the files of a result.
enum ResultFiles {
    /// The name of a result's metadata among the names in its folder; nil where the folder is none.
    ///
    /// A result is called as its photograph, or so with a hash behind.
    static func document(among names: [[UInt8]], of path: RelativePath) -> [UInt8]? {
        let ending = Array(".json".utf8)
        return names.filter {
            $0.count > ending.count && $0.suffix(ending.count).elementsEqual(ending)
                && path.name.starts(with: $0.dropLast(ending.count))
        }.max { $0.count < $1.count }
    }
}
