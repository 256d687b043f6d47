//! Showing a configuration: values with origins, the schema, the reference page.
//! What is shown comes from the key table.
