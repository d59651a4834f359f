//! The macro for what a correct client can meet in a mutation: typed errors beside the payload.

/// Makes a mutation's error type around its enum of codes.
macro_rules! user_error {
    ($error:ident, $code:ty, $doc:tt) => {
        #[doc = $doc]
        #[derive(async_graphql::SimpleObject, Clone, Debug)]
        pub struct $error {
            /// What went wrong, for programs. More codes may be added.
            pub code: $code,
            /// The path of the input field that is at fault, empty when none is.
            pub field: Vec<String>,
            /// What went wrong, for people, and what to do.
            pub message: String,
        }

        impl $error {
            fn new(code: $code, field: &[&str], message: impl Into<String>) -> Self {
                Self {
                    code,
                    field: field.iter().map(|part| (*part).to_owned()).collect(),
                    message: message.into(),
                }
            }
        }
    };
}
